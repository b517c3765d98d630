package care

import (
	"slices"

	"github.com/okpay/okpay-go/okpay"
)

// Permission is something that an operator may do.
type Permission string

// The permissions.
const (
	MaySeeCases      Permission = "case.see"       // read cases, their logs and the queue
	MayWorkCases     Permission = "case.work"      // take, answer, note, wait, solve
	MayEscalateCases Permission = "case.escalate"  // hand a case to the second level
	MayWorkEscalated Permission = "case.escalated" // take what was escalated
	MayAssignCases   Permission = "case.assign"    // move cases between agents

	MaySeeCustomers  Permission = "customer.see"     // see a customer's masked status, as the caller's level allows
	MayUnlock        Permission = "customer.unlock"  // undo a plain lock, as the caller's level allows
	MayReset         Permission = "customer.reset"   // begin a reset of contact or second factor
	MayApproveResets Permission = "customer.approve" // be the second who allows it

	MaySeeRestrictions   Permission = "restriction.see"       // with what is internal
	MayImpose            Permission = "restriction.impose"    // impose restrictions
	MayReview            Permission = "restriction.review"    // decide on what customers submitted
	MayLift              Permission = "restriction.lift"      // lift restrictions
	MayClose             Permission = "restriction.permanent" // make restrictions permanent, with a second
	MayReviewAppeals     Permission = "appeal.review"         // take appeals, ask, deny, propose to approve
	MayApproveAppeals    Permission = "appeal.approve"        // be the second who approves
	MayHandleCompliance  Permission = "compliance.review"     // decide on account reviews, and appeals against them
	MayHold              Permission = "compliance.hold"       // impose and lift legal holds, and know of them
	MayReviewWithdrawals Permission = "withdrawal.review"     // approve and reject withdrawals
	MayManageChannels    Permission = "channel.manage"        // sign the directory of official channels
	MaySeeAudit          Permission = "audit.see"             // read the audit
	MayExport            Permission = "data.export"           // export what is held about a customer
	MayErase             Permission = "data.erase"            // erase what is personal, after an account was closed
	MaySeeOperators      Permission = "operator.see"          // read the list of operators
	MayManageOperators   Permission = "operator.manage"       // make, change and remove operators
)

// Role is a set of permissions.
type Role string

// The roles that are always there.
const (
	AgentL1    Role = "agent_l1"
	AgentL2    Role = "agent_l2"
	Reviewer   Role = "reviewer"
	Supervisor Role = "supervisor"
	Auditor    Role = "auditor"
	Compliance Role = "compliance"
	Admin      Role = "admin"
)

// roles is the one table of who may do what. Admin makes operators and does nothing to
// customers; Auditor reads and does nothing; only Compliance knows of legal holds.
func roles() map[Role][]Permission {
	l1 := []Permission{MaySeeCases, MayWorkCases, MayEscalateCases, MaySeeCustomers, MayUnlock}
	l2 := append(slices.Clone(l1), MayWorkEscalated, MayReset, MaySeeRestrictions)
	reviewer := []Permission{MaySeeCases, MaySeeCustomers, MaySeeRestrictions, MayImpose, MayReview, MayReviewAppeals, MayReviewWithdrawals}
	return map[Role][]Permission{
		AgentL1:  l1,
		AgentL2:  l2,
		Reviewer: reviewer,
		Supervisor: append(append(slices.Clone(l2), reviewer...),
			MayAssignCases, MayApproveResets, MayLift, MayClose, MayApproveAppeals, MaySeeOperators, MayExport),
		Auditor: {MaySeeAudit, MaySeeCases, MaySeeRestrictions, MaySeeOperators},
		Compliance: {
			MaySeeCases, MaySeeCustomers, MaySeeRestrictions, MayImpose, MayReview, MayLift, MayClose, MayReviewAppeals, MayApproveAppeals,
			MayHandleCompliance, MayHold, MaySeeAudit, MayExport, MayErase,
		},
		Admin: {MaySeeOperators, MayManageOperators, MayManageChannels},
	}
}

// Permissions returns all permissions, sorted.
func Permissions() []Permission {
	var all []Permission
	for _, set := range roles() {
		all = append(all, set...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Roles returns all roles, those of Config among them, with what each may do.
func (c *Care) Roles() map[Role][]Permission {
	all := roles()
	for r, set := range c.cfg.Roles {
		all[r] = set
	}
	for r, set := range all {
		set = slices.Clone(set)
		slices.Sort(set)
		all[r] = slices.Compact(set)
	}
	return all
}

// compliancesAlone are the permissions that no role of Config may have.
func compliancesAlone() []Permission { return []Permission{MayHold, MayHandleCompliance} }

// setRoles checks the roles of Config. Errors: InvalidRequest.
func (c *Config) setRoles() error {
	own := roles()
	for r, set := range c.Roles {
		if _, taken := own[r]; taken || !isCode(string(r)) {
			return okpay.InvalidField("roles", "have a name that is taken or is not a code")
		}
		for _, p := range set {
			if !slices.Contains(Permissions(), p) || slices.Contains(compliancesAlone(), p) {
				return okpay.InvalidField("roles", "have a permission that is unknown or cannot be given")
			}
		}
	}
	return nil
}

// permissions are those of a role, none of one that is not there any more.
func (c *Care) permissions(r Role) []Permission {
	if set, ok := roles()[r]; ok {
		return set
	}
	return c.cfg.Roles[r]
}

func (c *Care) knows(r Role) bool {
	_, ok := roles()[r]
	_, own := c.cfg.Roles[r]
	return ok || own
}
