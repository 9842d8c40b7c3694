// SPDX-License-Identifier: Apache-2.0

package dns

import "net/netip"

// Sums are the sums of several exchanges that are alike.
type Sums struct {
	// First and Last are the times of the first and the last event of all exchanges, in nanoseconds since 1970.
	First, Last int64
	// Timed is the number of exchanges whose duration is known. TotalMS is the sum of these durations; MinMS and MaxMS are the shortest and
	// the longest. All are in whole milliseconds.
	Timed, TotalMS, MinMS, MaxMS int64
	// GapMS is the sum of the gaps between successive exchanges, in milliseconds, and GapSquareMS the sum of their squares, in ms². The
	// time of an exchange is that of its first event, in whole milliseconds. HasSquare is false if GapSquareMS is not known, because an
	// exchange came too late.
	GapMS, GapSquareMS int64
	HasSquare          bool
	// Answers has each answer once, without its name and time to live. AnswersCut is set if one is missing for lack of room.
	Answers    Answers
	AnswersCut bool
	// MinTTL is the least time to live of all answers, in seconds. HasTTL reports whether one is known.
	MinTTL uint32
	HasTTL bool
	// Server is the server that the look-ups of the DNS Client asked; it is invalid if there is none, or several.
	Server netip.Addr
	// FromCache reports whether the cache of the DNS Client had the answers. HasFromCache is false if that is not known, or differs.
	FromCache, HasFromCache bool
	// Recursed is the number of exchanges in which the DNS Server asked other servers. Recursions is the number of its queries to them, and
	// RecursionTimeouts the number of those that got no response. Servers are the servers that it asked; ServersCut is set if there are more.
	Recursed, Recursions, RecursionTimeouts int64
	Servers                                 AddrSet
	ServersCut                              bool
}
