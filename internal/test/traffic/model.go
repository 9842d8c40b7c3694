// SPDX-License-Identifier: Apache-2.0

// The constants of the traffic. They were fixed before the mode `lean` was measured with them.

package traffic

import "time"

// Model is the traffic of the clients of one server. Every share is a part of 1. Sources describes where the values come from.
type Model struct {
	// Clients is the number of simulated clients.
	Clients int
	// ServerShare is the share of the clients that are servers and appliances. The others are workstations. GatewayShare is the share of
	// the servers that are gateways, of mail or the web: they ask for many names.
	ServerShare, GatewayShare float64
	// WorkstationRate is the mean number of queries that a workstation sends in a second, over a day.
	WorkstationRate float64
	// LookupRate is the mean number of look-ups of a workstation's programs in a second, over a day. The workstation's cache answers the
	// others. It is set so that WorkstationRate results.
	LookupRate float64
	// QueriesOfServers is the share of all queries that come from servers, which have no cache of their own.
	QueriesOfServers float64
	// ServerSpread is the standard deviation of the logarithm of the servers' rates.
	ServerSpread float64
	// Peak is the ratio of the busiest hour's rate of workstations to the mean. Servers ask at all hours.
	Peak float64
	// Burst is the mean number of look-ups in a burst of a workstation, such as the loading of a page.
	Burst float64

	// ZipfExponent is the exponent of the popularity of names. Names is their number, without names of the own domain.
	ZipfExponent float64
	Names        int
	// WorkstationNames, GatewayNames and ServerNames are the numbers of names that a client asks for again and again. Habit is the share of
	// look-ups for one of them, ServerHabit that of servers other than gateways. The rest is for any name.
	WorkstationNames, GatewayNames, ServerNames int
	Habit, ServerHabit                          float64
	// OwnNames is the share of names that belong to the own domain.
	OwnNames float64
	// OneTime is the share of look-ups for a name that is used once.
	OneTime float64
	// Telemetry is the share of look-ups for names of Windows' telemetry.
	Telemetry float64

	// The shares of look-ups by type. The rest is for addresses: A, and in the share BothFamilies AAAA as well.
	PTR, SRV, HTTPS, MX, TXT float64
	BothFamilies             float64
	// Missing is the share of names that do not exist, ServFail of those whose servers fail.
	Missing, ServFail float64
	// OneAddress is the share of names with one address. The others have two to four. Alias is the share with a CNAME before them.
	OneAddress, Alias float64
	// Lives are the lifetimes of foreign names' answers. OwnLife and ServiceLife are those of hosts and services of the own domain.
	// NegativeLife is how long a workstation remembers that a name does not exist.
	Lives                              []Life
	OwnLife, ServiceLife, NegativeLife time.Duration

	// CacheHit is the share of foreign questions that the server's cache answers. Pairs is the mean number of queries to other servers for
	// each of the others.
	CacheHit, Pairs float64
	// Resent is the share of queries that a client sends again because the answer is late.
	Resent float64
	// UpdateEvery is how often a client registers its address: it asks for the zone's SOA and sends an update.
	UpdateEvery time.Duration

	// Repetition multiplies how often each client asks for each name. The number of clients is divided by it, so the load stays.
	Repetition float64
	// OnlyNew makes every name a new one.
	OnlyNew bool
}

// Life is a share of names, and the lifetime of their answers.
type Life struct {
	Share float64
	TTL   time.Duration
}

// Studies returns the model of the studies that Sources lists.
func Studies(clients int) Model {
	return Model{
		Clients: clients, ServerShare: 0.15, GatewayShare: 0.5, WorkstationRate: 0.061, LookupRate: 0.072, QueriesOfServers: 0.5, ServerSpread: 2, Peak: 1.6, Burst: 12,
		ZipfExponent: 0.91, Names: 1_000_000, WorkstationNames: 120, GatewayNames: 1200, ServerNames: 20, Habit: 0.8, ServerHabit: 0.95,
		OwnNames: 0.35, OneTime: 0.02, Telemetry: 0.05,
		PTR: 0.12, SRV: 0.04, HTTPS: 0.05, MX: 0.01, TXT: 0.01, BothFamilies: 0.35,
		Missing: 0.1, ServFail: 0.01, OneAddress: 0.75, Alias: 0.25,
		Lives:   []Life{{0.10, time.Minute}, {0.06, 2 * time.Minute}, {0.24, 5 * time.Minute}, {0.30, time.Hour}, {0.30, 4 * time.Hour}},
		OwnLife: 20 * time.Minute, ServiceLife: 10 * time.Minute, NegativeLife: 5 * time.Second,
		CacheHit: 0.8, Pairs: 1.2, Resent: 0.01, UpdateEvery: 24 * time.Hour,
		Repetition: 1,
	}
}

// Source says where a constant comes from.
type Source struct {
	Field string // of Model
	Value string
	From  string
	How   How
}

// How is how well a constant is known.
type How string

// The ways in which a constant is known.
const (
	Read     How = "read"     // the figure is in the source's text, which was read
	Recalled How = "recalled" // the figure is from memory: the source's text was not at hand
	Assumed  How = "assumed"  // no source gives the figure; the text says what it follows
)

// The sources. References has their titles.
const (
	jung       = "Jung 2002"
	pang       = "Pang 2005"
	brandhorst = "Brandhorst 2005"
	callahan   = "Callahan 2013"
	chen       = "Chen 2014"
	schomp     = "Schomp 2016"
	moura      = "Moura 2019"
	denis      = "Denis 2012"
	microsoft  = "Microsoft's documentation of Windows"
)

// References lists the studies: how Sources names them, and their titles.
func References() [][2]string {
	return [][2]string{
		{jung, "Jung, Sit, Balakrishnan, Morris: DNS Performance and the Effectiveness of Caching, IEEE/ACM Transactions on Networking 10(5), 2002"},
		{pang, "Pang, Allman, Bennett, Lee, Paxson, Tierney: A First Look at Modern Enterprise Traffic, IMC 2005"},
		{brandhorst, "Brandhorst, Pras: DNS: A Statistical Analysis of Name Server Traffic at Local Network-to-Internet Connections, 2005"},
		{callahan, "Callahan, Allman, Rabinovich: On Modern DNS Behavior and Properties, ACM CCR 43(3), 2013"},
		{chen, "Chen et al.: DNS Noise: Measuring the Pervasiveness of Disposable Domains in Modern DNS Traffic, DSN 2014"},
		{schomp, "Schomp: Characterization of DNS Client Behavior (dissertation, section 5.6.3); Schomp, Rabinovich, Allman: Towards a Model of DNS Client Behavior, PAM 2016"},
		{moura, "Moura, Heidemann, Schmidt, Hardaker: Cache Me If You Can: Effects of DNS Time-to-Live, IMC 2019"},
		{denis, "Denis: On the Distribution of DNS TTLs, https://00f.net/2012/05/10/distribution-of-dns-ttls/"},
	}
}

// Sources lists the source of each constant of Studies.
func Sources() []Source {
	return []Source{
		{"ServerShare", "15 % of clients", "no figure found", Assumed},
		{"GatewayShare", "50 % of servers", "no figure found", Assumed},
		{"WorkstationRate", "0.061 queries/s", "follows " + callahan + ": 200 million queries of 90 homes in 14 months. The figure is that of a home, not of a workstation", Assumed},
		{"LookupRate", "0.072 look-ups/s", "set so that WorkstationRate results behind a cache; a test checks it", Assumed},
		{"QueriesOfServers", "50 % of queries", "no figure found. " + pang + " reports that a few busy hosts, its mail servers, send most queries; " + brandhorst + " reports a client with a query every 11 to 22 ms", Assumed},
		{"ServerSpread", "2, of a log-normal distribution", "follows the same reports: the busiest of 2,000 servers then sends 25 to 35 queries/s, less than the client of " + brandhorst, Assumed},
		{"Peak", "1.6 × the mean, at 14:00", "no figure found; working hours", Assumed},
		{"Burst", "12 look-ups", moura + ": a complex page can need a dozen look-ups or more", Read},
		{"ZipfExponent", "0.91", jung, Recalled},
		{"Names", "1 million", "no figure found", Assumed},
		{"WorkstationNames", "120 names", "no figure found", Assumed},
		{"GatewayNames", "1,200 names", "no figure found; ten workstations' names", Assumed},
		{"ServerNames", "20 names", "no figure found; the names in its configuration", Assumed},
		{"Habit", "80 % of look-ups", "follows " + schomp + ": 80 % of clients ask for much the same names on the next day (a cosine similarity above 0.5)", Assumed},
		{"ServerHabit", "95 % of look-ups", "no figure found; a server asks for the names in its configuration", Assumed},
		{"OwnNames", "35 % of names", "no figure found; a domain's members ask for each other", Assumed},
		{"OneTime", "2 % of look-ups", "follows " + chen + ": such names are 23 to 28 % of the distinct names of a day, and each is asked for once", Assumed},
		{"Telemetry", "5 % of look-ups", "no figure found; the names are those of Microsoft's list of connection endpoints", Assumed},
		{"PTR", "12 % of look-ups", pang + ": 10 to 18 %", Recalled},
		{"SRV", "4 % of look-ups", "no figure found; domain members look for domain controllers", Assumed},
		{"HTTPS", "5 % of look-ups", "no figure found", Assumed},
		{"MX", "1 % of look-ups", "below the 4 to 7 % of " + pang + ", whose mail servers were of 2005", Assumed},
		{"TXT", "1 % of look-ups", "no figure found", Assumed},
		{"BothFamilies", "35 % of look-ups of addresses", pang + ": 50 to 66 % A, 17 to 25 % AAAA", Recalled},
		{"Missing", "10 % of names, which makes about 15 % of answers", pang + ": 11 to 21 % NXDOMAIN; " + brandhorst + ": 9 % (read)", Recalled},
		{"ServFail", "1 % of names", "below the 13 % of answers with any error in " + jung, Assumed},
		{"OneAddress", "75 % of names", callahan + ": 75 % of names map to one address", Read},
		{"Alias", "25 % of names", "no figure found", Assumed},
		{"Lives", "10 % 1 min, 6 % 2 min, 24 % 5 min, 30 % 1 h, 30 % 4 h", denis + ": 9.84 % up to 1 min, 16.32 % up to 2 min, 39.88 % up to 5 min, 70.07 % up to 1 h", Read},
		{"OwnLife", "20 min", microsoft + ": the TTL of records that clients register", Recalled},
		{"ServiceLife", "10 min", microsoft + ": the TTL of Netlogon's SRV records", Recalled},
		{"NegativeLife", "5 s", microsoft + ": MaxNegativeCacheTtl", Recalled},
		{"CacheHit", "80 % of foreign questions", jung + ": 80 to 86 %; " + callahan + ": two thirds of answers came within 1 ms (read)", Recalled},
		{"Pairs", "1.2 for each miss", jung + ", as a review quotes it: 1.2 messages for a look-up, no referral for 75 %", Read},
		{"Resent", "1 % of queries", microsoft + ": a client asks again after 1 s (read); the share is assumed", Assumed},
		{"UpdateEvery", "24 h", microsoft + ": a client registers its records every 24 hours", Recalled},
	}
}
