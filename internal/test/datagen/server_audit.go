// SPDX-License-Identifier: Apache-2.0

// Audit events: changes of the server by an administrator, a policy or a timer.

package main

import (
	"time"

	"github.com/miekg/dns"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// audit is one audit event.
type audit struct {
	id     uint16
	fields fields
}

func (s *server) audit(at time.Duration, a audit) {
	const rpcThread = 2148
	s.add(from{at, serverProcess, rpcThread, auditUser(a.id)}, s.template(a.id, 0, 0), a.fields)
}

// auditUser returns the user of a change: one user manages policies and subnets, the server itself scavenges and
// processes dynamic updates, and another user does the rest.
func auditUser(id uint16) etw.SID {
	switch {
	case id >= 519 && id <= 521:
		return localSystem()
	case id >= 574 && id <= 580:
		return domainUser(dnsOperator)
	}
	return domainUser(administrator)
}

// audits are the changes in these ten minutes, except those by dynamic updates.
func audits() []audit {
	const here, newZone = ".", "lab.contoso.com"
	record := func(f fields) fields {
		for name, v := range (fields{"Zone": ownZone, "ZoneScope": defaultScope, "VirtualizationID": here}) {
			f[name] = v
		}
		return f
	}
	return []audit{
		{512, fields{"Name": newZone, "Type": "Primary", "Lookup": "Forward", "ReplicationScope": "Domain", "ZoneFile": "(null)", "VirtualizationID": here}},
		{514, fields{"Zone": newZone, "PropertyKey": "AllowUpdate", "NewValue": "Secure", "VirtualizationID": here}},
		{514, fields{"Zone": ownZone, "PropertyKey": "NotifyServers", "NewValue": secondary, "VirtualizationID": here}},
		{513, fields{"Zone": newZone, "VirtualizationID": here}},
		{515, record(fields{"Type": dns.TypeA, "NAME": "apps", "TTL": 3600, "RDATA": []byte{10, 0, 40, 91}})},
		{515, record(fields{"Type": dns.TypeAAAA, "NAME": "apps", "TTL": 3600, "RDATA": []byte("\xfd\x00\x00\x00\x00\x00\x00\x40\x00\x00\x00\x00\x00\x00\x00\x91")})},
		{515, record(fields{"Type": dns.TypeCNAME, "NAME": "old-apps", "TTL": 3600, "RDATA": []byte("\x04apps\x07contoso\x03com\x00")})},
		{515, record(fields{"Type": dns.TypeTXT, "NAME": "contoso.com", "TTL": 300, "RDATA": []byte("\x0dMS=ms74839201")})},
		{516, record(fields{"Type": dns.TypeA, "NAME": "legacy", "TTL": 0, "RDATA": []byte{10, 0, 40, 12}})},
		{516, record(fields{"Type": dns.TypeMX, "NAME": "contoso.com", "TTL": 0, "RDATA": []byte("\x00\x1e\x05mail3\x07contoso\x03com\x00")})},
		{517, record(fields{"Type": dns.TypeTXT, "NAME": "_acme-challenge.web"})},
		{518, record(fields{"NAME": "decommissioned"})},
		{521, record(fields{"Type": dns.TypeA, "NAME": "ws88", "TTL": 1200, "RDATA": []byte{10, 1, 4, 108}})},
		{522, fields{"ZoneScope": "InternalClients", "Zone": ownZone, "VirtualizationID": here}},
		{525, fields{
			"ZoneName": ownZone, "DenialOfExistence": "NSec3", "DistributeTrustAnchor": "None", "DnsKeyRecordSetTtl": 3600,
			"DSRecordGenerationAlgorithm": "Sha256", "DSRecordSetTtl": 3600, "EnableRfc5011KeyRollover": "False", "IsKeyMasterServer": "True",
			"KeyMasterServer": "dns01.contoso.com", "NSec3HashAlgorithm": 1, "NSec3Iterations": 50, "NSec3OptOut": "False",
			"NSec3RandomSaltLength": 8, "NSec3UserSalt": "-", "ParentHasSecureDelegation": "False", "PropagationTime": 172800,
			"SecureDelegationPollingPeriod": 43200, "SignatureInceptionOffset": 3600,
		}},
		{528, fields{"Type": "KeySigningKey", "GUID": "{2C1D0A5E-88A1-4D7F-9B3B-6F1A7C0E4D21}", "Zone": ownZone}},
		{536, fields{"QTYPE": dns.TypeA, "QNAME": "login.adatum.com.", "Scope": defaultScope}},
		{537, fields{"Forwarders": forwarder + "," + forwarder2, "Scope": "."}},
		{540, fields{}},
		{541, fields{"Setting": "EnableDnsSec", "Scope": ".", "NewValue": "1"}},
		{541, fields{"Setting": "LogLevel", "Scope": ".", "NewValue": "0x8000f331"}},
		{542, fields{"RecursionScope": "GuestScope"}},
		{544, fields{"Name": "secure.example", "KeyProtocol": "Dnssec", "Base64Data": []byte("mdsswUyr3DPW132mOi8V9xESWE8jTo0d"), "CryptoAlgorithm": "EcdsaP256Sha256"}},
		{557, fields{"ListenAddresses": serverIPv4 + "," + serverIPv6}},
		{566, fields{"NodeName": "servers", "Zone": ownZone, "SubTreeAging": " and its subtree"}},
		{570, fields{
			"KeyOrZone": "Key", "KskOrZsk": "KeySigningKey", "GUID": "{2C1D0A5E-88A1-4D7F-9B3B-6F1A7C0E4D21}", "Zone": ownZone, "KeyId": "34505",
			"KeyType": "Active", "CurrentState": "Active", "KeyStorageProvider": "Microsoft Software Key Storage Provider", "StoreKeysInAD": 1,
			"CryptoAlgorithm": "EcdsaP256Sha256", "KeyLength": 256, "DnsKeySignatureValidityPeriod": 604800, "DSSignatureValidityPeriod": 604800,
			"ZoneSignatureValidityPeriod": 864000, "RolloverPeriod": 65232000, "RolloverType": "DoubleSignature", "NextRolloverAction": "Normal",
			"LastRolloverTime": uint64(134170563600000000), "NextRolloverTime": uint64(134822883600000000), "CurrentRolloverStatus": "NotRolling",
			"ActiveKey": "34505", "StandbyKey": "-", "NextKey": "-",
		}},
		{573, fields{"ChildZone": newZone + ".", "Scope": defaultScope, "Zone": ownZone, "NameServer": "dns03.lab.contoso.com.", "VirtualizationID": here}},
		{574, fields{"ClientSubnetRecord": "GuestSubnet", "ClientSubnetList": "10.1.7.0/24"}},
		{577, fields{
			"Type": "QueryResolution", "ServerName": "dns01", "ProcessingOrder": 1, "Criteria": "FQDN", "Action": "IGNORE",
			"Policy": "BlackholePolicy", "Condition": "EQ,*.badguys.example", "IsEnabled": "True",
		}},
		{580, fields{"Policy": "TemporaryPolicy", "ServerName": "dns01"}},
		{590, fields{
			"ServerName": "dns01", "ResponsePerSecond": 5, "ErrorsPerSecond": 5, "LeakRate": 3, "TCRate": 2, "WindowSize": 5,
			"TotalResponsesInWindow": 10000, "IPv4PrefixLength": 24, "IPv6PrefixLength": 56, "Mode": "Enable",
		}},
		{594, fields{"VirtualizationID": "Tenant-A", "FriendlyName": "Tenant A, Zürich"}},
		{596, fields{"VirtualizationID": "Tenant-A", "OldFriendlyName": "Tenant A, Zürich", "NewFriendlyName": "テナント A"}},
	}
}
