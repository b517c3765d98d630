package ledger

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// SignedCheckpoint is a block's number and hash, for somebody who keeps it: an auditor, a
// second system, a printed page. With it Verify proves that the history up to the block is
// the one that was signed, and Config.NotBefore that none of it is missing.
//
// As text it is five lines and their signature, each line ended by a newline:
//
//	okpay checkpoint 1
//	ledger main
//	block 4711
//	hash 5bce…64 hexadecimal digits
//	time 2026-03-01T12:00:00.123456Z
//	ed25519 …base64 of the signature of the lines above
//
// There is one text for one checkpoint: no other spelling is read.
type SignedCheckpoint struct {
	Ledger string // its name, which the hash is bound to
	Checkpoint
	Time      time.Time // of the block: UTC, microseconds
	Signature [ed25519.SignatureSize]byte
}

// ErrSignature reports a checkpoint that is not signed by the key, or is of another ledger.
var ErrSignature = errors.New("ledger: checkpoint is not signed by this key for this ledger")

// The words of a checkpoint's text, and its bound.
const (
	checkpointWords   = "okpay checkpoint "
	checkpointVersion = 1
	checkpointTitle   = checkpointWords + "1"
	checkpointTime    = "2006-01-02T15:04:05.000000Z"
	maxCheckpoint     = 1024
)

// Checkpoint returns the last block, once it is durable. It takes a turn at the ledger's
// head, so that no block that a failover could still lose is ever signed. Seq is 0 for a
// ledger without blocks. Errors: the store's; ErrJoined.
func (l *Ledger) Checkpoint(ctx context.Context) (Checkpoint, error) {
	head, err := l.confirm(ctx)
	return Checkpoint{Seq: head.Seq, Hash: head.Hash}, err
}

// SignedCheckpoint signs the last block, once it is durable. The signer has an Ed25519 key:
// an ed25519.PrivateKey, or one that a machine keeps. Errors: ErrNotFound for a ledger without
// blocks; ErrInvalid for another kind of key; the signer's and the store's.
func (l *Ledger) SignedCheckpoint(ctx context.Context, signer crypto.Signer) (SignedCheckpoint, error) {
	head, err := l.confirm(ctx)
	if err != nil {
		return SignedCheckpoint{}, err
	}
	if head.Seq == 0 {
		return SignedCheckpoint{}, ErrNotFound
	}
	c := SignedCheckpoint{Ledger: l.cfg.Name, Checkpoint: Checkpoint{head.Seq, head.Hash}, Time: head.Time.UTC()}
	c.Signature, err = signText(l.cfg.Rand, signer, c.text())
	return c, err
}

// signText signs a text as Ed25519 does it: the text itself, not a hash of it. Ed25519 takes
// no randomness; a machine that signs may want some.
func signText(rand io.Reader, signer crypto.Signer, text []byte) (signature [ed25519.SignatureSize]byte, err error) {
	public, ok := signer.Public().(ed25519.PublicKey)
	if !ok {
		return signature, invalid("signer", "has no Ed25519 key")
	}
	b, err := signer.Sign(rand, text, crypto.Hash(0))
	if err != nil {
		return signature, err
	}
	if len(b) != len(signature) || !ed25519.Verify(public, text, b) {
		return signature, invalid("signer", "made a signature that its own key does not prove")
	}
	return [ed25519.SignatureSize]byte(b), nil
}

// text is what is signed.
func (c *SignedCheckpoint) text() []byte {
	return fmt.Appendf(nil, "%s\nledger %s\nblock %d\nhash %x\ntime %s\n",
		checkpointTitle, c.Ledger, c.Seq, c.Hash, c.Time.Format(checkpointTime))
}

// MarshalText returns the checkpoint's text. Errors: ErrInvalid for a name, number or time
// that no block has.
func (c SignedCheckpoint) MarshalText() ([]byte, error) {
	if err := checkAccountName(c.Ledger); err != nil {
		return nil, &InvalidError{Field: "ledger", Reason: err.Error()}
	}
	if c.Seq < 1 {
		return nil, invalid("block", "is %d, want at least 1", c.Seq)
	}
	if c.Time.IsZero() || !c.Time.Equal(micro(c.Time)) || c.Time.Location() != time.UTC {
		return nil, invalid("time", "is not in UTC and whole microseconds")
	}
	if err := checkTime("time", c.Time); err != nil {
		return nil, err
	}
	return fmt.Appendf(c.text(), "ed25519 %s\n", base64.StdEncoding.EncodeToString(c.Signature[:])), nil
}

// UnmarshalText reads a checkpoint's text. It does not prove the signature: see Prove.
// Errors: ErrInvalid; a FormatError (ErrFormat) for a text of another version.
func (c *SignedCheckpoint) UnmarshalText(text []byte) error {
	if len(text) > maxCheckpoint {
		return invalid("checkpoint", "has %d bytes, want at most %d", len(text), maxCheckpoint)
	}
	var out SignedCheckpoint
	lines := strings.Split(string(text), "\n")
	if version, ok := strings.CutPrefix(lines[0], checkpointWords); ok {
		if n, err := strconv.ParseUint(version, 10, 16); err == nil && n != checkpointVersion {
			return &FormatError{What: "checkpoint", Have: int(n), Want: checkpointVersion}
		}
	}
	if len(lines) != 7 || lines[6] != "" || lines[0] != checkpointTitle {
		return invalid("checkpoint", "is not the six lines of %q", checkpointTitle)
	}
	fields := make([]string, 5)
	for i, name := range [...]string{"ledger", "block", "hash", "time", "ed25519"} {
		value, ok := strings.CutPrefix(lines[i+1], name+" ")
		if !ok {
			return invalid("checkpoint", "line %d is not that of %q", i+2, name)
		}
		fields[i] = value
	}
	var err error
	out.Ledger = fields[0]
	if out.Seq, err = strconv.ParseInt(fields[1], 10, 64); err != nil {
		return invalid("checkpoint", "its block is not a number")
	}
	hash, err := hex.DecodeString(fields[2])
	if err != nil || len(hash) != len(out.Hash) {
		return invalid("checkpoint", "its hash is not 64 hexadecimal digits")
	}
	copy(out.Hash[:], hash)
	if out.Time, err = time.Parse(checkpointTime, fields[3]); err != nil {
		return invalid("checkpoint", "its time can not be read")
	}
	signature, err := base64.StdEncoding.DecodeString(fields[4])
	if err != nil || len(signature) != len(out.Signature) {
		return invalid("checkpoint", "its signature can not be read")
	}
	copy(out.Signature[:], signature)
	again, err := out.MarshalText()
	if err != nil {
		return err
	}
	if string(again) != string(text) {
		return invalid("checkpoint", "is spelled in another way than it is written")
	}
	*c = out
	return nil
}

// Prove returns the checkpoint if the holder of the key signed it for the ledger of that
// name. Give the result to Verify, to Config.NotBefore or to ImportConfig.Checkpoints.
// Errors: ErrSignature.
func (c SignedCheckpoint) Prove(key ed25519.PublicKey, ledger string) (Checkpoint, error) {
	if c.Ledger != ledger || len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, c.text(), c.Signature[:]) {
		return Checkpoint{}, ErrSignature
	}
	return c.Checkpoint, nil
}
