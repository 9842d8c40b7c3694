// SPDX-License-Identifier: Apache-2.0

package budget

// Account draws on the share of a holder that may need memory in the middle of an event, when it cannot shed. Memory for which the share has
// no room is a debt: the holder sheds before its next event until the debt is paid. One goroutine uses an Account.
type Account struct {
	share *Share
	ahead int64 // bytes taken from the share and not used yet
	debt  int64 // bytes used and not taken from the share yet
}

// Slack is the most debt of a holder, in bytes: what one event may need at once. It is part of what is reserved for the holder.
const Slack = 1 << 20

// Open makes the account draw on a share.
func (a *Account) Open(s *Share) { a.share = s }

// Limited reports whether the account has a limit.
func (a *Account) Limited() bool { return a.share != nil }

// Reserve pays the debt, and takes memory ahead until n bytes are unused. It reports whether there was room for both; if not, it takes nothing.
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

// Use uses n bytes: first those taken ahead, then new ones from the share. If the share has no room for these, they become a debt.
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
