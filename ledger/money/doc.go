// Package money counts money exactly.
//
// A [Currency] is a code and a scale: how many decimals one unit has. CNY has
// scale 2, JPY 0, KWD 3, and an asset of your own may have up to 18. An
// [Amount] is a whole number of the smallest units of one currency, held in an
// int64: 1,995 of the fen of CNY is written 19.95 CNY. There are no fractions
// of a smallest unit, so nothing is ever rounded without being asked to.
//
// A [Registry] is the set of currencies that a program knows. [ISO] holds those
// of ISO 4217; [Registry.With] makes a larger set that also has your points,
// vouchers or tokens. Registries never change, so they are safe to share, and
// two parts of a program may use different ones.
//
// # From the outside in
//
// People and other programs write amounts as text. [Parse] is strict: it takes
// "19.95" and refuses "19,95", "+19.95", "1e3", " 19.95" and "19.955" of CNY,
// because a guess about money is a bug that nobody sees. On the wire an amount
// is the JSON object {"amount":"19.95","currency":"CNY"}; the amount is a
// string since many JSON readers turn numbers into floating point.
// [FromDecimal] takes a decimal.Decimal, exactly or not at all.
//
// # Arithmetic
//
// [Amount.Add], [Amount.Sub], [Amount.Neg], [Amount.Mul] and [Amount.Cmp] check
// their operands and their result. Mixing currencies is a
// [*CurrencyMismatchError], and leaving the range of int64 is [ErrOverflow];
// nothing wraps around. [Amount.MulDiv] applies a rate, a fee in basis points for
// example, with the [Rounding] that you name. [Amount.Allocate] and
// [Amount.Split] divide an amount so that the parts add up to it exactly.
//
// When several errors apply to one call, the first of these is returned:
//
//  1. [ErrInvalidCurrency]: an operand has no currency (see [Currency.IsZero]),
//     unless the operands of Add, Sub or Cmp differ in currency, which is
//     reported first;
//  2. [ErrInvalidRatio] or [ErrInvalidRounding]: an argument is out of bounds;
//  3. [ErrSyntax], then [ErrPrecision], then [ErrOverflow].
//
// # From the inside out
//
// [Amount.Text] gives the digits for machines, [Amount.String] adds the code for
// logs, [Amount.Format] and [Registry.Format] write for people in English or
// Simplified Chinese, and [Amount.Decimal] hands the exact value to programs that
// calculate with decimals.
package money
