// SPDX-License-Identifier: Apache-2.0

package budget

// Account is a share of a holder that sometimes must take memory at once, in the middle of an event, when it can shed nothing. Such
// memory is a debt. The holder sheds before its next event until the debt is paid. One goroutine uses an Account.
type Account struct {
	share *Share
	ahead int64 // taken and not yet used
	debt  int64 // used and not yet taken
}

// Slack is the most debt of a holder, in bytes: what one event may need at once. It is part of what is reserved for the holder.
const Slack = 1 << 20

// Open makes the account draw on a share.
func (a *Account) Open(s *Share) { a.share = s }

// Limited reports whether the account has a limit.
func (a *Account) Limited() bool { return a.share != nil }

// Reserve takes n bytes ahead, and pays the debt. It reports whether there was room.
func (a *Account) Reserve(n int64) bool {
	if a.share == nil {
		return true
	}
	need := max(0, n-a.ahead) + a.debt
	if need == 0 {
		return true
	}
	if !a.share.Take(need) {
		return false
	}
	a.ahead += need - a.debt
	a.debt = 0
	return true
}

// Use uses n bytes: those that were reserved, and a debt for the others.
func (a *Account) Use(n int64) {
	if a.share == nil {
		return
	}
	ahead := min(n, a.ahead)
	a.ahead -= ahead
	if n -= ahead; n > 0 && !a.share.Take(n) {
		a.debt += n
	}
}

// Give gives n used bytes back, and pays the debt with them first.
func (a *Account) Give(n int64) {
	if a.share == nil {
		return
	}
	paid := min(n, a.debt)
	a.debt -= paid
	a.share.Give(n - paid)
}

// Debt returns the debt in bytes.
func (a *Account) Debt() int64 { return a.debt }

// Close gives back what was reserved and not used.
func (a *Account) Close() {
	if a.share != nil {
		a.share.Give(a.ahead)
		a.ahead = 0
	}
}
