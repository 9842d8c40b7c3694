// SPDX-License-Identifier: Apache-2.0
// Generated from the lists of columns in exporter/azure/internal/columns by make generate. DO NOT EDIT.

metadata description = 'The data collection rule that otelcol-winnet sends to, its custom tables, and the role of those who may send.'

@description('The name of the Log Analytics workspace with Microsoft Sentinel. It must be in the resource group of this deployment.')
param workspaceName string

@description('The region of the workspace, such as westeurope. A rule must be in the region of its workspace.')
param location string

@description('The name of a new data collection rule. An endpoint cannot be added to an existing rule that has none.')
param ruleName string = 'dcr-winnet'

@description('The object id of the identity that sends: a managed identity, a service principal or a group. If it is empty, no identity gets the role.')
param principalId string = ''

@description('The type of principalId. A managed identity is a ServicePrincipal.')
@allowed([
  'ServicePrincipal'
  'Group'
])
param principalType string = 'ServicePrincipal'

@description('Whether the rule has the stream of audit events. Without it the exporter needs streams: {audit: ""}.')
param audit bool = true

@description('Whether the rule has the streams of the archive, and the workspace their tables with the plan Auxiliary. Without them the exporter needs streams: {archive_dns: "", archive_network: ""}.')
param archive bool = true

@description('Whether to create a data collection endpoint that only private link can reach. The output logsIngestionEndpoint is then its address.')
param privateLink bool = false

@description('Whether the workspace gets the parsers vimDnsWinnet, ASimDnsWinnet, vimNetworkSessionWinnet and ASimNetworkSessionWinnet, which read the rows in the schemas of ASIM.')
param parsers bool = true

@description('Whether the workspace gets Im_DnsCustom, ASim_DnsCustom, Im_NetworkSessionCustom and ASim_NetworkSessionCustom, by which _Im_Dns and the like find the parsers. They replace functions with these names.')
param unifyingParsers bool = false

@description('Whether the workspace gets the same parsers for the tables of the archive, vimDnsWinnetArchive and so on.')
param archiveParsers bool = false

@description('Whether Sentinel gets the analytic rules. They need the parsers, and the tables of Sentinel.')
param rules bool = false

@description('Whether the rules run. Otherwise they are there to be looked at, and turned on one by one.')
param rulesEnabled bool = false

@description('Whether the resource group gets the workbook, which Sentinel shows among its own.')
param workbook bool = false

var endpointName = '${ruleName}-endpoint'
// Monitoring Metrics Publisher
var roleId = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '3913510d-42f4-4e42-8a64-420c390055eb')

var streams = {
  'Custom-ASimDnsActivityLogs': {
    columns: [
      { name: 'AdditionalFields', type: 'dynamic' }
      { name: 'DnsFlags', type: 'string' }
      { name: 'DnsFlagsAuthenticated', type: 'boolean' }
      { name: 'DnsFlagsAuthoritative', type: 'boolean' }
      { name: 'DnsFlagsCheckingDisabled', type: 'boolean' }
      { name: 'DnsFlagsRecursionAvailable', type: 'boolean' }
      { name: 'DnsFlagsRecursionDesired', type: 'boolean' }
      { name: 'DnsFlagsTruncated', type: 'boolean' }
      { name: 'DnsFlagsZ', type: 'boolean' }
      { name: 'DnsNetworkDuration', type: 'int' }
      { name: 'DnsQuery', type: 'string' }
      { name: 'DnsQueryClass', type: 'int' }
      { name: 'DnsQueryClassName', type: 'string' }
      { name: 'DnsQueryType', type: 'int' }
      { name: 'DnsQueryTypeName', type: 'string' }
      { name: 'DnsResponseCode', type: 'int' }
      { name: 'DnsResponseIpCity', type: 'string' }
      { name: 'DnsResponseIpCountry', type: 'string' }
      { name: 'DnsResponseIpLatitude', type: 'real' }
      { name: 'DnsResponseIpLongitude', type: 'real' }
      { name: 'DnsResponseIpRegion', type: 'string' }
      { name: 'DnsResponseName', type: 'string' }
      { name: 'DnsSessionId', type: 'string' }
      { name: 'Dst', type: 'string' }
      { name: 'DstDescription', type: 'string' }
      { name: 'DstDeviceType', type: 'string' }
      { name: 'DstDomain', type: 'string' }
      { name: 'DstDomainType', type: 'string' }
      { name: 'DstDvcId', type: 'string' }
      { name: 'DstDvcIdType', type: 'string' }
      { name: 'DstDvcScope', type: 'string' }
      { name: 'DstDvcScopeId', type: 'string' }
      { name: 'DstFQDN', type: 'string' }
      { name: 'DstGeoCity', type: 'string' }
      { name: 'DstGeoCountry', type: 'string' }
      { name: 'DstGeoLatitude', type: 'real' }
      { name: 'DstGeoLongitude', type: 'real' }
      { name: 'DstGeoRegion', type: 'string' }
      { name: 'DstHostname', type: 'string' }
      { name: 'DstIpAddr', type: 'string' }
      { name: 'DstOriginalRiskLevel', type: 'string' }
      { name: 'DstPortNumber', type: 'int' }
      { name: 'DstRiskLevel', type: 'int' }
      { name: 'Dvc', type: 'string' }
      { name: 'DvcAction', type: 'string' }
      { name: 'DvcDescription', type: 'string' }
      { name: 'DvcDomain', type: 'string' }
      { name: 'DvcDomainType', type: 'string' }
      { name: 'DvcFQDN', type: 'string' }
      { name: 'DvcHostname', type: 'string' }
      { name: 'DvcId', type: 'string' }
      { name: 'DvcIdType', type: 'string' }
      { name: 'DvcInterface', type: 'string' }
      { name: 'DvcIpAddr', type: 'string' }
      { name: 'DvcMacAddr', type: 'string' }
      { name: 'DvcOriginalAction', type: 'string' }
      { name: 'DvcOs', type: 'string' }
      { name: 'DvcOsVersion', type: 'string' }
      { name: 'DvcScope', type: 'string' }
      { name: 'DvcScopeId', type: 'string' }
      { name: 'DvcZone', type: 'string' }
      { name: 'EventCount', type: 'int' }
      { name: 'EventEndTime', type: 'datetime' }
      { name: 'EventMessage', type: 'string' }
      { name: 'EventOriginalSeverity', type: 'string' }
      { name: 'EventOriginalType', type: 'string' }
      { name: 'EventOriginalUid', type: 'string' }
      { name: 'EventOwner', type: 'string' }
      { name: 'EventProduct', type: 'string' }
      { name: 'EventProductVersion', type: 'string' }
      { name: 'EventReportUrl', type: 'string' }
      { name: 'EventResult', type: 'string' }
      { name: 'EventResultDetails', type: 'string' }
      { name: 'EventSchemaVersion', type: 'string' }
      { name: 'EventSeverity', type: 'string' }
      { name: 'EventStartTime', type: 'datetime' }
      { name: 'EventSubType', type: 'string' }
      { name: 'EventType', type: 'string' }
      { name: 'EventVendor', type: 'string' }
      { name: 'NetworkProtocol', type: 'string' }
      { name: 'NetworkProtocolVersion', type: 'string' }
      { name: 'RuleName', type: 'string' }
      { name: 'RuleNumber', type: 'int' }
      { name: 'Src', type: 'string' }
      { name: 'SrcDescription', type: 'string' }
      { name: 'SrcDeviceType', type: 'string' }
      { name: 'SrcDomain', type: 'string' }
      { name: 'SrcDomainType', type: 'string' }
      { name: 'SrcDvcId', type: 'string' }
      { name: 'SrcDvcIdType', type: 'string' }
      { name: 'SrcDvcScope', type: 'string' }
      { name: 'SrcDvcScopeId', type: 'string' }
      { name: 'SrcFQDN', type: 'string' }
      { name: 'SrcGeoCity', type: 'string' }
      { name: 'SrcGeoCountry', type: 'string' }
      { name: 'SrcGeoLatitude', type: 'real' }
      { name: 'SrcGeoLongitude', type: 'real' }
      { name: 'SrcGeoRegion', type: 'string' }
      { name: 'SrcHostname', type: 'string' }
      { name: 'SrcIpAddr', type: 'string' }
      { name: 'SrcOriginalRiskLevel', type: 'string' }
      { name: 'SrcOriginalUserType', type: 'string' }
      { name: 'SrcPortNumber', type: 'int' }
      { name: 'SrcProcessGuid', type: 'string' }
      { name: 'SrcProcessId', type: 'string' }
      { name: 'SrcProcessName', type: 'string' }
      { name: 'SrcRiskLevel', type: 'int' }
      { name: 'SrcUserId', type: 'string' }
      { name: 'SrcUserIdType', type: 'string' }
      { name: 'SrcUsername', type: 'string' }
      { name: 'SrcUsernameType', type: 'string' }
      { name: 'SrcUserScope', type: 'string' }
      { name: 'SrcUserScopeId', type: 'string' }
      { name: 'SrcUserSessionId', type: 'string' }
      { name: 'SrcUserType', type: 'string' }
      { name: 'ThreatCategory', type: 'string' }
      { name: 'ThreatConfidence', type: 'int' }
      { name: 'ThreatField', type: 'string' }
      { name: 'ThreatFirstReportedTime', type: 'string' }
      { name: 'ThreatFirstReportedTime_d', type: 'datetime' }
      { name: 'ThreatId', type: 'string' }
      { name: 'ThreatIpAddr', type: 'string' }
      { name: 'ThreatIsActive', type: 'boolean' }
      { name: 'ThreatLastReportedTime', type: 'string' }
      { name: 'ThreatLastReportedTime_d', type: 'datetime' }
      { name: 'ThreatName', type: 'string' }
      { name: 'ThreatOriginalConfidence', type: 'string' }
      { name: 'ThreatOriginalRiskLevel', type: 'int' }
      { name: 'ThreatOriginalRiskLevel_s', type: 'string' }
      { name: 'ThreatRiskLevel', type: 'int' }
      { name: 'TimeGenerated', type: 'datetime' }
      { name: 'TransactionIdHex', type: 'string' }
      { name: 'UrlCategory', type: 'string' }
    ]
  }
  'Custom-ASimNetworkSessionLogs': {
    columns: [
      { name: 'AdditionalFields', type: 'dynamic' }
      { name: 'DstAppId', type: 'string' }
      { name: 'DstAppName', type: 'string' }
      { name: 'DstAppType', type: 'string' }
      { name: 'DstBytes', type: 'long' }
      { name: 'DstDescription', type: 'string' }
      { name: 'DstDeviceType', type: 'string' }
      { name: 'DstDomain', type: 'string' }
      { name: 'DstDomainType', type: 'string' }
      { name: 'DstDvcId', type: 'string' }
      { name: 'DstDvcIdType', type: 'string' }
      { name: 'DstFQDN', type: 'string' }
      { name: 'DstGeoCity', type: 'string' }
      { name: 'DstGeoCountry', type: 'string' }
      { name: 'DstGeoLatitude', type: 'real' }
      { name: 'DstGeoLongitude', type: 'real' }
      { name: 'DstGeoRegion', type: 'string' }
      { name: 'DstHostname', type: 'string' }
      { name: 'DstInterfaceGuid', type: 'string' }
      { name: 'DstInterfaceName', type: 'string' }
      { name: 'DstIpAddr', type: 'string' }
      { name: 'DstMacAddr', type: 'string' }
      { name: 'DstNatIpAddr', type: 'string' }
      { name: 'DstNatPortNumber', type: 'int' }
      { name: 'DstOriginalUserType', type: 'string' }
      { name: 'DstPackets', type: 'long' }
      { name: 'DstPortNumber', type: 'int' }
      { name: 'DstSubscriptionId', type: 'string' }
      { name: 'DstUserId', type: 'string' }
      { name: 'DstUserIdType', type: 'string' }
      { name: 'DstUsername', type: 'string' }
      { name: 'DstUsernameType', type: 'string' }
      { name: 'DstUserType', type: 'string' }
      { name: 'DstVlanId', type: 'string' }
      { name: 'DstZone', type: 'string' }
      { name: 'Dvc', type: 'string' }
      { name: 'DvcAction', type: 'string' }
      { name: 'DvcDescription', type: 'string' }
      { name: 'DvcDomain', type: 'string' }
      { name: 'DvcDomainType', type: 'string' }
      { name: 'DvcFQDN', type: 'string' }
      { name: 'DvcHostname', type: 'string' }
      { name: 'DvcId', type: 'string' }
      { name: 'DvcIdType', type: 'string' }
      { name: 'DvcInboundInterface', type: 'string' }
      { name: 'DvcInterface', type: 'string' }
      { name: 'DvcIpAddr', type: 'string' }
      { name: 'DvcMacAddr', type: 'string' }
      { name: 'DvcOriginalAction', type: 'string' }
      { name: 'DvcOs', type: 'string' }
      { name: 'DvcOsVersion', type: 'string' }
      { name: 'DvcOutboundInterface', type: 'string' }
      { name: 'DvcSubscriptionId', type: 'string' }
      { name: 'DvcZone', type: 'string' }
      { name: 'EventCount', type: 'int' }
      { name: 'EventEndTime', type: 'datetime' }
      { name: 'EventMessage', type: 'string' }
      { name: 'EventOriginalResultDetails', type: 'string' }
      { name: 'EventOriginalSeverity', type: 'string' }
      { name: 'EventOriginalSubType', type: 'string' }
      { name: 'EventOriginalType', type: 'string' }
      { name: 'EventOriginalUid', type: 'string' }
      { name: 'EventProduct', type: 'string' }
      { name: 'EventProductVersion', type: 'string' }
      { name: 'EventReportUrl', type: 'string' }
      { name: 'EventResult', type: 'string' }
      { name: 'EventResultDetails', type: 'string' }
      { name: 'EventSchemaVersion', type: 'string' }
      { name: 'EventSeverity', type: 'string' }
      { name: 'EventStartTime', type: 'datetime' }
      { name: 'EventSubType', type: 'string' }
      { name: 'EventType', type: 'string' }
      { name: 'EventVendor', type: 'string' }
      { name: 'NetworkApplicationProtocol', type: 'string' }
      { name: 'NetworkBytes', type: 'long' }
      { name: 'NetworkConnectionHistory', type: 'string' }
      { name: 'NetworkDirection', type: 'string' }
      { name: 'NetworkDuration', type: 'int' }
      { name: 'NetworkIcmpCode', type: 'int' }
      { name: 'NetworkIcmpType', type: 'string' }
      { name: 'NetworkPackets', type: 'long' }
      { name: 'NetworkProtocol', type: 'string' }
      { name: 'NetworkProtocolVersion', type: 'string' }
      { name: 'NetworkRuleName', type: 'string' }
      { name: 'NetworkRuleNumber', type: 'int' }
      { name: 'NetworkSessionId', type: 'string' }
      { name: 'SrcAppId', type: 'string' }
      { name: 'SrcAppName', type: 'string' }
      { name: 'SrcAppType', type: 'string' }
      { name: 'SrcBytes', type: 'long' }
      { name: 'SrcDescription', type: 'string' }
      { name: 'SrcDeviceType', type: 'string' }
      { name: 'SrcDomain', type: 'string' }
      { name: 'SrcDomainType', type: 'string' }
      { name: 'SrcDvcId', type: 'string' }
      { name: 'SrcDvcIdType', type: 'string' }
      { name: 'SrcFQDN', type: 'string' }
      { name: 'SrcGeoCity', type: 'string' }
      { name: 'SrcGeoCountry', type: 'string' }
      { name: 'SrcGeoLatitude', type: 'real' }
      { name: 'SrcGeoLongitude', type: 'real' }
      { name: 'SrcGeoRegion', type: 'string' }
      { name: 'SrcHostname', type: 'string' }
      { name: 'SrcInterfaceGuid', type: 'string' }
      { name: 'SrcInterfaceName', type: 'string' }
      { name: 'SrcIpAddr', type: 'string' }
      { name: 'SrcMacAddr', type: 'string' }
      { name: 'SrcNatIpAddr', type: 'string' }
      { name: 'SrcNatPortNumber', type: 'int' }
      { name: 'SrcOriginalUserType', type: 'string' }
      { name: 'SrcPackets', type: 'long' }
      { name: 'SrcPortNumber', type: 'int' }
      { name: 'SrcSubscriptionId', type: 'string' }
      { name: 'SrcUserId', type: 'string' }
      { name: 'SrcUserIdType', type: 'string' }
      { name: 'SrcUsername', type: 'string' }
      { name: 'SrcUsernameType', type: 'string' }
      { name: 'SrcUserType', type: 'string' }
      { name: 'SrcVlanId', type: 'string' }
      { name: 'SrcZone', type: 'string' }
      { name: 'TcpFlagsAck', type: 'boolean' }
      { name: 'TcpFlagsFin', type: 'boolean' }
      { name: 'TcpFlagsPsh', type: 'boolean' }
      { name: 'TcpFlagsRst', type: 'boolean' }
      { name: 'TcpFlagsSyn', type: 'boolean' }
      { name: 'TcpFlagsUrg', type: 'boolean' }
      { name: 'ThreatCategory', type: 'string' }
      { name: 'ThreatConfidence', type: 'int' }
      { name: 'ThreatField', type: 'string' }
      { name: 'ThreatFirstReportedTime', type: 'datetime' }
      { name: 'ThreatId', type: 'string' }
      { name: 'ThreatIpAddr', type: 'string' }
      { name: 'ThreatIsActive', type: 'boolean' }
      { name: 'ThreatLastReportedTime', type: 'datetime' }
      { name: 'ThreatName', type: 'string' }
      { name: 'ThreatOriginalConfidence', type: 'string' }
      { name: 'ThreatOriginalRiskLevel', type: 'string' }
      { name: 'ThreatRiskLevel', type: 'int' }
      { name: 'TimeGenerated', type: 'datetime' }
    ]
  }
  'Custom-WinnetStatus': {
    columns: [
      { name: 'AdditionalFields', type: 'dynamic' }
      { name: 'Aggregated', type: 'long' }
      { name: 'Component', type: 'string' }
      { name: 'Dropped', type: 'long' }
      { name: 'Dvc', type: 'string' }
      { name: 'Emitted', type: 'long' }
      { name: 'EventCount', type: 'long' }
      { name: 'EventEndTime', type: 'datetime' }
      { name: 'EventSeverity', type: 'string' }
      { name: 'EventStartTime', type: 'datetime' }
      { name: 'EventType', type: 'string' }
      { name: 'Filtered', type: 'long' }
      { name: 'KernelLost', type: 'long' }
      { name: 'Kind', type: 'string' }
      { name: 'Message', type: 'string' }
      { name: 'Object', type: 'string' }
      { name: 'Pending', type: 'long' }
      { name: 'Received', type: 'long' }
      { name: 'State', type: 'string' }
      { name: 'TimeGenerated', type: 'datetime' }
      { name: 'Undecodable', type: 'long' }
      { name: 'Version', type: 'string' }
    ]
  }
}

var auditStreams = {
  'Custom-ASimAuditEventLogs': {
    columns: [
      { name: 'ActingAppId', type: 'string' }
      { name: 'ActingAppName', type: 'string' }
      { name: 'ActingAppType', type: 'string' }
      { name: 'ActingOriginalAppType', type: 'string' }
      { name: 'ActorOriginalUserType', type: 'string' }
      { name: 'ActorScope', type: 'string' }
      { name: 'ActorScopeId', type: 'string' }
      { name: 'ActorSessionId', type: 'string' }
      { name: 'ActorUserAadId', type: 'string' }
      { name: 'ActorUserId', type: 'string' }
      { name: 'ActorUserIdType', type: 'string' }
      { name: 'ActorUserSid', type: 'string' }
      { name: 'ActorUserType', type: 'string' }
      { name: 'ActorUsername', type: 'string' }
      { name: 'ActorUsernameType', type: 'string' }
      { name: 'AdditionalFields', type: 'dynamic' }
      { name: 'DvcAction', type: 'string' }
      { name: 'DvcDescription', type: 'string' }
      { name: 'DvcDomain', type: 'string' }
      { name: 'DvcDomainType', type: 'string' }
      { name: 'DvcFQDN', type: 'string' }
      { name: 'DvcHostname', type: 'string' }
      { name: 'DvcId', type: 'string' }
      { name: 'DvcIdType', type: 'string' }
      { name: 'DvcInterface', type: 'string' }
      { name: 'DvcIpAddr', type: 'string' }
      { name: 'DvcMacAddr', type: 'string' }
      { name: 'DvcOriginalAction', type: 'string' }
      { name: 'DvcOs', type: 'string' }
      { name: 'DvcOsVersion', type: 'string' }
      { name: 'DvcScope', type: 'string' }
      { name: 'DvcScopeId', type: 'string' }
      { name: 'DvcZone', type: 'string' }
      { name: 'EventCount', type: 'int' }
      { name: 'EventEndTime', type: 'datetime' }
      { name: 'EventMessage', type: 'string' }
      { name: 'EventOriginalResultDetails', type: 'string' }
      { name: 'EventOriginalSeverity', type: 'string' }
      { name: 'EventOriginalSubType', type: 'string' }
      { name: 'EventOriginalType', type: 'string' }
      { name: 'EventOriginalUid', type: 'string' }
      { name: 'EventOwner', type: 'string' }
      { name: 'EventProduct', type: 'string' }
      { name: 'EventProductVersion', type: 'string' }
      { name: 'EventReportUrl', type: 'string' }
      { name: 'EventResult', type: 'string' }
      { name: 'EventResultDetails', type: 'string' }
      { name: 'EventSchemaVersion', type: 'string' }
      { name: 'EventSeverity', type: 'string' }
      { name: 'EventStartTime', type: 'datetime' }
      { name: 'EventSubType', type: 'string' }
      { name: 'EventType', type: 'string' }
      { name: 'EventVendor', type: 'string' }
      { name: 'HttpUserAgent', type: 'string' }
      { name: 'NewValue', type: 'string' }
      { name: 'Object', type: 'string' }
      { name: 'ObjectId', type: 'string' }
      { name: 'ObjectType', type: 'string' }
      { name: 'OldValue', type: 'string' }
      { name: 'Operation', type: 'string' }
      { name: 'OriginalObjectType', type: 'string' }
      { name: 'RuleName', type: 'string' }
      { name: 'RuleNumber', type: 'int' }
      { name: 'SrcDescription', type: 'string' }
      { name: 'SrcDeviceType', type: 'string' }
      { name: 'SrcDomain', type: 'string' }
      { name: 'SrcDomainType', type: 'string' }
      { name: 'SrcDvcId', type: 'string' }
      { name: 'SrcDvcIdType', type: 'string' }
      { name: 'SrcDvcScope', type: 'string' }
      { name: 'SrcDvcScopeId', type: 'string' }
      { name: 'SrcFQDN', type: 'string' }
      { name: 'SrcGeoCity', type: 'string' }
      { name: 'SrcGeoCountry', type: 'string' }
      { name: 'SrcGeoLatitude', type: 'real' }
      { name: 'SrcGeoLongitude', type: 'real' }
      { name: 'SrcGeoRegion', type: 'string' }
      { name: 'SrcHostname', type: 'string' }
      { name: 'SrcIpAddr', type: 'string' }
      { name: 'SrcOriginalRiskLevel', type: 'string' }
      { name: 'SrcPortNumber', type: 'int' }
      { name: 'SrcRiskLevel', type: 'int' }
      { name: 'TargetAppId', type: 'string' }
      { name: 'TargetAppName', type: 'string' }
      { name: 'TargetAppType', type: 'string' }
      { name: 'TargetDescription', type: 'string' }
      { name: 'TargetDeviceType', type: 'string' }
      { name: 'TargetDomain', type: 'string' }
      { name: 'TargetDomainType', type: 'string' }
      { name: 'TargetDvcId', type: 'string' }
      { name: 'TargetDvcIdType', type: 'string' }
      { name: 'TargetDvcOs', type: 'string' }
      { name: 'TargetDvcScope', type: 'string' }
      { name: 'TargetDvcScopeId', type: 'string' }
      { name: 'TargetFQDN', type: 'string' }
      { name: 'TargetGeoCity', type: 'string' }
      { name: 'TargetGeoCountry', type: 'string' }
      { name: 'TargetGeoLatitude', type: 'real' }
      { name: 'TargetGeoLongitude', type: 'real' }
      { name: 'TargetGeoRegion', type: 'string' }
      { name: 'TargetHostname', type: 'string' }
      { name: 'TargetIpAddr', type: 'string' }
      { name: 'TargetOriginalAppType', type: 'string' }
      { name: 'TargetOriginalRiskLevel', type: 'string' }
      { name: 'TargetPortNumber', type: 'int' }
      { name: 'TargetRiskLevel', type: 'int' }
      { name: 'TargetUrl', type: 'string' }
      { name: 'ThreatCategory', type: 'string' }
      { name: 'ThreatConfidence', type: 'int' }
      { name: 'ThreatField', type: 'string' }
      { name: 'ThreatFirstReportedTime', type: 'datetime' }
      { name: 'ThreatId', type: 'string' }
      { name: 'ThreatIpAddr', type: 'string' }
      { name: 'ThreatIsActive', type: 'boolean' }
      { name: 'ThreatLastReportedTime', type: 'datetime' }
      { name: 'ThreatName', type: 'string' }
      { name: 'ThreatOriginalConfidence', type: 'string' }
      { name: 'ThreatOriginalRiskLevel', type: 'string' }
      { name: 'ThreatRiskLevel', type: 'int' }
      { name: 'TimeGenerated', type: 'datetime' }
      { name: 'ValueType', type: 'string' }
    ]
  }
}

var archiveStreams = {
  'Custom-WinnetDnsArchive': {
    columns: [
      { name: 'AdditionalFields', type: 'string' }
      { name: 'DnsFlags', type: 'string' }
      { name: 'DnsFlagsAuthenticated', type: 'boolean' }
      { name: 'DnsFlagsAuthoritative', type: 'boolean' }
      { name: 'DnsFlagsCheckingDisabled', type: 'boolean' }
      { name: 'DnsFlagsRecursionAvailable', type: 'boolean' }
      { name: 'DnsFlagsRecursionDesired', type: 'boolean' }
      { name: 'DnsFlagsTruncated', type: 'boolean' }
      { name: 'DnsFlagsZ', type: 'boolean' }
      { name: 'DnsNetworkDuration', type: 'int' }
      { name: 'DnsQuery', type: 'string' }
      { name: 'DnsQueryClass', type: 'int' }
      { name: 'DnsQueryClassName', type: 'string' }
      { name: 'DnsQueryType', type: 'int' }
      { name: 'DnsQueryTypeName', type: 'string' }
      { name: 'DnsResponseCode', type: 'int' }
      { name: 'DnsResponseIpCity', type: 'string' }
      { name: 'DnsResponseIpCountry', type: 'string' }
      { name: 'DnsResponseIpLatitude', type: 'real' }
      { name: 'DnsResponseIpLongitude', type: 'real' }
      { name: 'DnsResponseIpRegion', type: 'string' }
      { name: 'DnsResponseName', type: 'string' }
      { name: 'DnsSessionId', type: 'string' }
      { name: 'Dst', type: 'string' }
      { name: 'DstDescription', type: 'string' }
      { name: 'DstDeviceType', type: 'string' }
      { name: 'DstDomain', type: 'string' }
      { name: 'DstDomainType', type: 'string' }
      { name: 'DstDvcId', type: 'string' }
      { name: 'DstDvcIdType', type: 'string' }
      { name: 'DstDvcScope', type: 'string' }
      { name: 'DstDvcScopeId', type: 'string' }
      { name: 'DstFQDN', type: 'string' }
      { name: 'DstGeoCity', type: 'string' }
      { name: 'DstGeoCountry', type: 'string' }
      { name: 'DstGeoLatitude', type: 'real' }
      { name: 'DstGeoLongitude', type: 'real' }
      { name: 'DstGeoRegion', type: 'string' }
      { name: 'DstHostname', type: 'string' }
      { name: 'DstIpAddr', type: 'string' }
      { name: 'DstOriginalRiskLevel', type: 'string' }
      { name: 'DstPortNumber', type: 'int' }
      { name: 'DstRiskLevel', type: 'int' }
      { name: 'Dvc', type: 'string' }
      { name: 'DvcAction', type: 'string' }
      { name: 'DvcDescription', type: 'string' }
      { name: 'DvcDomain', type: 'string' }
      { name: 'DvcDomainType', type: 'string' }
      { name: 'DvcFQDN', type: 'string' }
      { name: 'DvcHostname', type: 'string' }
      { name: 'DvcId', type: 'string' }
      { name: 'DvcIdType', type: 'string' }
      { name: 'DvcInterface', type: 'string' }
      { name: 'DvcIpAddr', type: 'string' }
      { name: 'DvcMacAddr', type: 'string' }
      { name: 'DvcOriginalAction', type: 'string' }
      { name: 'DvcOs', type: 'string' }
      { name: 'DvcOsVersion', type: 'string' }
      { name: 'DvcScope', type: 'string' }
      { name: 'DvcScopeId', type: 'string' }
      { name: 'DvcZone', type: 'string' }
      { name: 'EventCount', type: 'int' }
      { name: 'EventEndTime', type: 'datetime' }
      { name: 'EventMessage', type: 'string' }
      { name: 'EventOriginalSeverity', type: 'string' }
      { name: 'EventOriginalType', type: 'string' }
      { name: 'EventOriginalUid', type: 'string' }
      { name: 'EventOwner', type: 'string' }
      { name: 'EventProduct', type: 'string' }
      { name: 'EventProductVersion', type: 'string' }
      { name: 'EventReportUrl', type: 'string' }
      { name: 'EventResult', type: 'string' }
      { name: 'EventResultDetails', type: 'string' }
      { name: 'EventSchemaVersion', type: 'string' }
      { name: 'EventSeverity', type: 'string' }
      { name: 'EventStartTime', type: 'datetime' }
      { name: 'EventSubType', type: 'string' }
      { name: 'EventType', type: 'string' }
      { name: 'EventVendor', type: 'string' }
      { name: 'NetworkProtocol', type: 'string' }
      { name: 'NetworkProtocolVersion', type: 'string' }
      { name: 'RuleName', type: 'string' }
      { name: 'RuleNumber', type: 'int' }
      { name: 'Src', type: 'string' }
      { name: 'SrcDescription', type: 'string' }
      { name: 'SrcDeviceType', type: 'string' }
      { name: 'SrcDomain', type: 'string' }
      { name: 'SrcDomainType', type: 'string' }
      { name: 'SrcDvcId', type: 'string' }
      { name: 'SrcDvcIdType', type: 'string' }
      { name: 'SrcDvcScope', type: 'string' }
      { name: 'SrcDvcScopeId', type: 'string' }
      { name: 'SrcFQDN', type: 'string' }
      { name: 'SrcGeoCity', type: 'string' }
      { name: 'SrcGeoCountry', type: 'string' }
      { name: 'SrcGeoLatitude', type: 'real' }
      { name: 'SrcGeoLongitude', type: 'real' }
      { name: 'SrcGeoRegion', type: 'string' }
      { name: 'SrcHostname', type: 'string' }
      { name: 'SrcIpAddr', type: 'string' }
      { name: 'SrcOriginalRiskLevel', type: 'string' }
      { name: 'SrcOriginalUserType', type: 'string' }
      { name: 'SrcPortNumber', type: 'int' }
      { name: 'SrcProcessGuid', type: 'string' }
      { name: 'SrcProcessId', type: 'string' }
      { name: 'SrcProcessName', type: 'string' }
      { name: 'SrcRiskLevel', type: 'int' }
      { name: 'SrcUserId', type: 'string' }
      { name: 'SrcUserIdType', type: 'string' }
      { name: 'SrcUsername', type: 'string' }
      { name: 'SrcUsernameType', type: 'string' }
      { name: 'SrcUserScope', type: 'string' }
      { name: 'SrcUserScopeId', type: 'string' }
      { name: 'SrcUserSessionId', type: 'string' }
      { name: 'SrcUserType', type: 'string' }
      { name: 'ThreatCategory', type: 'string' }
      { name: 'ThreatConfidence', type: 'int' }
      { name: 'ThreatField', type: 'string' }
      { name: 'ThreatFirstReportedTime', type: 'string' }
      { name: 'ThreatFirstReportedTime_d', type: 'datetime' }
      { name: 'ThreatId', type: 'string' }
      { name: 'ThreatIpAddr', type: 'string' }
      { name: 'ThreatIsActive', type: 'boolean' }
      { name: 'ThreatLastReportedTime', type: 'string' }
      { name: 'ThreatLastReportedTime_d', type: 'datetime' }
      { name: 'ThreatName', type: 'string' }
      { name: 'ThreatOriginalConfidence', type: 'string' }
      { name: 'ThreatOriginalRiskLevel', type: 'int' }
      { name: 'ThreatOriginalRiskLevel_s', type: 'string' }
      { name: 'ThreatRiskLevel', type: 'int' }
      { name: 'TimeGenerated', type: 'datetime' }
      { name: 'TransactionIdHex', type: 'string' }
      { name: 'UrlCategory', type: 'string' }
    ]
  }
  'Custom-WinnetNetworkArchive': {
    columns: [
      { name: 'AdditionalFields', type: 'string' }
      { name: 'DstAppId', type: 'string' }
      { name: 'DstAppName', type: 'string' }
      { name: 'DstAppType', type: 'string' }
      { name: 'DstBytes', type: 'long' }
      { name: 'DstDescription', type: 'string' }
      { name: 'DstDeviceType', type: 'string' }
      { name: 'DstDomain', type: 'string' }
      { name: 'DstDomainType', type: 'string' }
      { name: 'DstDvcId', type: 'string' }
      { name: 'DstDvcIdType', type: 'string' }
      { name: 'DstFQDN', type: 'string' }
      { name: 'DstGeoCity', type: 'string' }
      { name: 'DstGeoCountry', type: 'string' }
      { name: 'DstGeoLatitude', type: 'real' }
      { name: 'DstGeoLongitude', type: 'real' }
      { name: 'DstGeoRegion', type: 'string' }
      { name: 'DstHostname', type: 'string' }
      { name: 'DstInterfaceGuid', type: 'string' }
      { name: 'DstInterfaceName', type: 'string' }
      { name: 'DstIpAddr', type: 'string' }
      { name: 'DstMacAddr', type: 'string' }
      { name: 'DstNatIpAddr', type: 'string' }
      { name: 'DstNatPortNumber', type: 'int' }
      { name: 'DstOriginalUserType', type: 'string' }
      { name: 'DstPackets', type: 'long' }
      { name: 'DstPortNumber', type: 'int' }
      { name: 'DstSubscriptionId', type: 'string' }
      { name: 'DstUserId', type: 'string' }
      { name: 'DstUserIdType', type: 'string' }
      { name: 'DstUsername', type: 'string' }
      { name: 'DstUsernameType', type: 'string' }
      { name: 'DstUserType', type: 'string' }
      { name: 'DstVlanId', type: 'string' }
      { name: 'DstZone', type: 'string' }
      { name: 'Dvc', type: 'string' }
      { name: 'DvcAction', type: 'string' }
      { name: 'DvcDescription', type: 'string' }
      { name: 'DvcDomain', type: 'string' }
      { name: 'DvcDomainType', type: 'string' }
      { name: 'DvcFQDN', type: 'string' }
      { name: 'DvcHostname', type: 'string' }
      { name: 'DvcId', type: 'string' }
      { name: 'DvcIdType', type: 'string' }
      { name: 'DvcInboundInterface', type: 'string' }
      { name: 'DvcInterface', type: 'string' }
      { name: 'DvcIpAddr', type: 'string' }
      { name: 'DvcMacAddr', type: 'string' }
      { name: 'DvcOriginalAction', type: 'string' }
      { name: 'DvcOs', type: 'string' }
      { name: 'DvcOsVersion', type: 'string' }
      { name: 'DvcOutboundInterface', type: 'string' }
      { name: 'DvcSubscriptionId', type: 'string' }
      { name: 'DvcZone', type: 'string' }
      { name: 'EventCount', type: 'int' }
      { name: 'EventEndTime', type: 'datetime' }
      { name: 'EventMessage', type: 'string' }
      { name: 'EventOriginalResultDetails', type: 'string' }
      { name: 'EventOriginalSeverity', type: 'string' }
      { name: 'EventOriginalSubType', type: 'string' }
      { name: 'EventOriginalType', type: 'string' }
      { name: 'EventOriginalUid', type: 'string' }
      { name: 'EventProduct', type: 'string' }
      { name: 'EventProductVersion', type: 'string' }
      { name: 'EventReportUrl', type: 'string' }
      { name: 'EventResult', type: 'string' }
      { name: 'EventResultDetails', type: 'string' }
      { name: 'EventSchemaVersion', type: 'string' }
      { name: 'EventSeverity', type: 'string' }
      { name: 'EventStartTime', type: 'datetime' }
      { name: 'EventSubType', type: 'string' }
      { name: 'EventType', type: 'string' }
      { name: 'EventVendor', type: 'string' }
      { name: 'NetworkApplicationProtocol', type: 'string' }
      { name: 'NetworkBytes', type: 'long' }
      { name: 'NetworkConnectionHistory', type: 'string' }
      { name: 'NetworkDirection', type: 'string' }
      { name: 'NetworkDuration', type: 'int' }
      { name: 'NetworkIcmpCode', type: 'int' }
      { name: 'NetworkIcmpType', type: 'string' }
      { name: 'NetworkPackets', type: 'long' }
      { name: 'NetworkProtocol', type: 'string' }
      { name: 'NetworkProtocolVersion', type: 'string' }
      { name: 'NetworkRuleName', type: 'string' }
      { name: 'NetworkRuleNumber', type: 'int' }
      { name: 'NetworkSessionId', type: 'string' }
      { name: 'SrcAppId', type: 'string' }
      { name: 'SrcAppName', type: 'string' }
      { name: 'SrcAppType', type: 'string' }
      { name: 'SrcBytes', type: 'long' }
      { name: 'SrcDescription', type: 'string' }
      { name: 'SrcDeviceType', type: 'string' }
      { name: 'SrcDomain', type: 'string' }
      { name: 'SrcDomainType', type: 'string' }
      { name: 'SrcDvcId', type: 'string' }
      { name: 'SrcDvcIdType', type: 'string' }
      { name: 'SrcFQDN', type: 'string' }
      { name: 'SrcGeoCity', type: 'string' }
      { name: 'SrcGeoCountry', type: 'string' }
      { name: 'SrcGeoLatitude', type: 'real' }
      { name: 'SrcGeoLongitude', type: 'real' }
      { name: 'SrcGeoRegion', type: 'string' }
      { name: 'SrcHostname', type: 'string' }
      { name: 'SrcInterfaceGuid', type: 'string' }
      { name: 'SrcInterfaceName', type: 'string' }
      { name: 'SrcIpAddr', type: 'string' }
      { name: 'SrcMacAddr', type: 'string' }
      { name: 'SrcNatIpAddr', type: 'string' }
      { name: 'SrcNatPortNumber', type: 'int' }
      { name: 'SrcOriginalUserType', type: 'string' }
      { name: 'SrcPackets', type: 'long' }
      { name: 'SrcPortNumber', type: 'int' }
      { name: 'SrcSubscriptionId', type: 'string' }
      { name: 'SrcUserId', type: 'string' }
      { name: 'SrcUserIdType', type: 'string' }
      { name: 'SrcUsername', type: 'string' }
      { name: 'SrcUsernameType', type: 'string' }
      { name: 'SrcUserType', type: 'string' }
      { name: 'SrcVlanId', type: 'string' }
      { name: 'SrcZone', type: 'string' }
      { name: 'TcpFlagsAck', type: 'boolean' }
      { name: 'TcpFlagsFin', type: 'boolean' }
      { name: 'TcpFlagsPsh', type: 'boolean' }
      { name: 'TcpFlagsRst', type: 'boolean' }
      { name: 'TcpFlagsSyn', type: 'boolean' }
      { name: 'TcpFlagsUrg', type: 'boolean' }
      { name: 'ThreatCategory', type: 'string' }
      { name: 'ThreatConfidence', type: 'int' }
      { name: 'ThreatField', type: 'string' }
      { name: 'ThreatFirstReportedTime', type: 'datetime' }
      { name: 'ThreatId', type: 'string' }
      { name: 'ThreatIpAddr', type: 'string' }
      { name: 'ThreatIsActive', type: 'boolean' }
      { name: 'ThreatLastReportedTime', type: 'datetime' }
      { name: 'ThreatName', type: 'string' }
      { name: 'ThreatOriginalConfidence', type: 'string' }
      { name: 'ThreatOriginalRiskLevel', type: 'string' }
      { name: 'ThreatRiskLevel', type: 'int' }
      { name: 'TimeGenerated', type: 'datetime' }
    ]
  }
}

var flows = [
  {
    streams: [ 'Custom-ASimDnsActivityLogs' ]
    destinations: [ 'workspace' ]
    transformKql: 'source'
    outputStream: 'Microsoft-ASimDnsActivityLogs'
  }
  {
    streams: [ 'Custom-ASimNetworkSessionLogs' ]
    destinations: [ 'workspace' ]
    transformKql: 'source'
    outputStream: 'Microsoft-ASimNetworkSessionLogs'
  }
  {
    streams: [ 'Custom-WinnetStatus' ]
    destinations: [ 'workspace' ]
    transformKql: 'source'
    outputStream: 'Custom-WinnetStatus_CL'
  }
]

var auditFlows = [
  {
    streams: [ 'Custom-ASimAuditEventLogs' ]
    destinations: [ 'workspace' ]
    transformKql: 'source'
    outputStream: 'Microsoft-ASimAuditEventLogs'
  }
]

var archiveFlows = [
  {
    streams: [ 'Custom-WinnetDnsArchive' ]
    destinations: [ 'workspace' ]
    transformKql: 'source'
    outputStream: 'Custom-WinnetDnsArchive_CL'
  }
  {
    streams: [ 'Custom-WinnetNetworkArchive' ]
    destinations: [ 'workspace' ]
    transformKql: 'source'
    outputStream: 'Custom-WinnetNetworkArchive_CL'
  }
]

resource workspace 'Microsoft.OperationalInsights/workspaces@2022-10-01' existing = {
  name: workspaceName
}

resource statusTable 'Microsoft.OperationalInsights/workspaces/tables@2022-10-01' = {
  parent: workspace
  name: 'WinnetStatus_CL'
  properties: {
    plan: 'Analytics'
    schema: {
      name: 'WinnetStatus_CL'
      columns: [
        { name: 'AdditionalFields', type: 'dynamic' }
        { name: 'Aggregated', type: 'long' }
        { name: 'Component', type: 'string' }
        { name: 'Dropped', type: 'long' }
        { name: 'Dvc', type: 'string' }
        { name: 'Emitted', type: 'long' }
        { name: 'EventCount', type: 'long' }
        { name: 'EventEndTime', type: 'dateTime' }
        { name: 'EventSeverity', type: 'string' }
        { name: 'EventStartTime', type: 'dateTime' }
        { name: 'EventType', type: 'string' }
        { name: 'Filtered', type: 'long' }
        { name: 'KernelLost', type: 'long' }
        { name: 'Kind', type: 'string' }
        { name: 'Message', type: 'string' }
        { name: 'Object', type: 'string' }
        { name: 'Pending', type: 'long' }
        { name: 'Received', type: 'long' }
        { name: 'State', type: 'string' }
        { name: 'TimeGenerated', type: 'dateTime' }
        { name: 'Undecodable', type: 'long' }
        { name: 'Version', type: 'string' }
      ]
    }
  }
}

resource dnsArchive 'Microsoft.OperationalInsights/workspaces/tables@2025-07-01' = if (archive) {
  parent: workspace
  name: 'WinnetDnsArchive_CL'
  properties: {
    plan: 'Auxiliary'
    totalRetentionInDays: 365
    schema: {
      name: 'WinnetDnsArchive_CL'
      columns: [
        { name: 'AdditionalFields', type: 'string' }
        { name: 'DnsFlags', type: 'string' }
        { name: 'DnsFlagsAuthenticated', type: 'boolean' }
        { name: 'DnsFlagsAuthoritative', type: 'boolean' }
        { name: 'DnsFlagsCheckingDisabled', type: 'boolean' }
        { name: 'DnsFlagsRecursionAvailable', type: 'boolean' }
        { name: 'DnsFlagsRecursionDesired', type: 'boolean' }
        { name: 'DnsFlagsTruncated', type: 'boolean' }
        { name: 'DnsFlagsZ', type: 'boolean' }
        { name: 'DnsNetworkDuration', type: 'int' }
        { name: 'DnsQuery', type: 'string' }
        { name: 'DnsQueryClass', type: 'int' }
        { name: 'DnsQueryClassName', type: 'string' }
        { name: 'DnsQueryType', type: 'int' }
        { name: 'DnsQueryTypeName', type: 'string' }
        { name: 'DnsResponseCode', type: 'int' }
        { name: 'DnsResponseIpCity', type: 'string' }
        { name: 'DnsResponseIpCountry', type: 'string' }
        { name: 'DnsResponseIpLatitude', type: 'real' }
        { name: 'DnsResponseIpLongitude', type: 'real' }
        { name: 'DnsResponseIpRegion', type: 'string' }
        { name: 'DnsResponseName', type: 'string' }
        { name: 'DnsSessionId', type: 'string' }
        { name: 'Dst', type: 'string' }
        { name: 'DstDescription', type: 'string' }
        { name: 'DstDeviceType', type: 'string' }
        { name: 'DstDomain', type: 'string' }
        { name: 'DstDomainType', type: 'string' }
        { name: 'DstDvcId', type: 'string' }
        { name: 'DstDvcIdType', type: 'string' }
        { name: 'DstDvcScope', type: 'string' }
        { name: 'DstDvcScopeId', type: 'string' }
        { name: 'DstFQDN', type: 'string' }
        { name: 'DstGeoCity', type: 'string' }
        { name: 'DstGeoCountry', type: 'string' }
        { name: 'DstGeoLatitude', type: 'real' }
        { name: 'DstGeoLongitude', type: 'real' }
        { name: 'DstGeoRegion', type: 'string' }
        { name: 'DstHostname', type: 'string' }
        { name: 'DstIpAddr', type: 'string' }
        { name: 'DstOriginalRiskLevel', type: 'string' }
        { name: 'DstPortNumber', type: 'int' }
        { name: 'DstRiskLevel', type: 'int' }
        { name: 'Dvc', type: 'string' }
        { name: 'DvcAction', type: 'string' }
        { name: 'DvcDescription', type: 'string' }
        { name: 'DvcDomain', type: 'string' }
        { name: 'DvcDomainType', type: 'string' }
        { name: 'DvcFQDN', type: 'string' }
        { name: 'DvcHostname', type: 'string' }
        { name: 'DvcId', type: 'string' }
        { name: 'DvcIdType', type: 'string' }
        { name: 'DvcInterface', type: 'string' }
        { name: 'DvcIpAddr', type: 'string' }
        { name: 'DvcMacAddr', type: 'string' }
        { name: 'DvcOriginalAction', type: 'string' }
        { name: 'DvcOs', type: 'string' }
        { name: 'DvcOsVersion', type: 'string' }
        { name: 'DvcScope', type: 'string' }
        { name: 'DvcScopeId', type: 'string' }
        { name: 'DvcZone', type: 'string' }
        { name: 'EventCount', type: 'int' }
        { name: 'EventEndTime', type: 'dateTime' }
        { name: 'EventMessage', type: 'string' }
        { name: 'EventOriginalSeverity', type: 'string' }
        { name: 'EventOriginalType', type: 'string' }
        { name: 'EventOriginalUid', type: 'string' }
        { name: 'EventOwner', type: 'string' }
        { name: 'EventProduct', type: 'string' }
        { name: 'EventProductVersion', type: 'string' }
        { name: 'EventReportUrl', type: 'string' }
        { name: 'EventResult', type: 'string' }
        { name: 'EventResultDetails', type: 'string' }
        { name: 'EventSchemaVersion', type: 'string' }
        { name: 'EventSeverity', type: 'string' }
        { name: 'EventStartTime', type: 'dateTime' }
        { name: 'EventSubType', type: 'string' }
        { name: 'EventType', type: 'string' }
        { name: 'EventVendor', type: 'string' }
        { name: 'NetworkProtocol', type: 'string' }
        { name: 'NetworkProtocolVersion', type: 'string' }
        { name: 'RuleName', type: 'string' }
        { name: 'RuleNumber', type: 'int' }
        { name: 'Src', type: 'string' }
        { name: 'SrcDescription', type: 'string' }
        { name: 'SrcDeviceType', type: 'string' }
        { name: 'SrcDomain', type: 'string' }
        { name: 'SrcDomainType', type: 'string' }
        { name: 'SrcDvcId', type: 'string' }
        { name: 'SrcDvcIdType', type: 'string' }
        { name: 'SrcDvcScope', type: 'string' }
        { name: 'SrcDvcScopeId', type: 'string' }
        { name: 'SrcFQDN', type: 'string' }
        { name: 'SrcGeoCity', type: 'string' }
        { name: 'SrcGeoCountry', type: 'string' }
        { name: 'SrcGeoLatitude', type: 'real' }
        { name: 'SrcGeoLongitude', type: 'real' }
        { name: 'SrcGeoRegion', type: 'string' }
        { name: 'SrcHostname', type: 'string' }
        { name: 'SrcIpAddr', type: 'string' }
        { name: 'SrcOriginalRiskLevel', type: 'string' }
        { name: 'SrcOriginalUserType', type: 'string' }
        { name: 'SrcPortNumber', type: 'int' }
        { name: 'SrcProcessGuid', type: 'string' }
        { name: 'SrcProcessId', type: 'string' }
        { name: 'SrcProcessName', type: 'string' }
        { name: 'SrcRiskLevel', type: 'int' }
        { name: 'SrcUserId', type: 'string' }
        { name: 'SrcUserIdType', type: 'string' }
        { name: 'SrcUsername', type: 'string' }
        { name: 'SrcUsernameType', type: 'string' }
        { name: 'SrcUserScope', type: 'string' }
        { name: 'SrcUserScopeId', type: 'string' }
        { name: 'SrcUserSessionId', type: 'string' }
        { name: 'SrcUserType', type: 'string' }
        { name: 'ThreatCategory', type: 'string' }
        { name: 'ThreatConfidence', type: 'int' }
        { name: 'ThreatField', type: 'string' }
        { name: 'ThreatFirstReportedTime', type: 'string' }
        { name: 'ThreatFirstReportedTime_d', type: 'dateTime' }
        { name: 'ThreatId', type: 'string' }
        { name: 'ThreatIpAddr', type: 'string' }
        { name: 'ThreatIsActive', type: 'boolean' }
        { name: 'ThreatLastReportedTime', type: 'string' }
        { name: 'ThreatLastReportedTime_d', type: 'dateTime' }
        { name: 'ThreatName', type: 'string' }
        { name: 'ThreatOriginalConfidence', type: 'string' }
        { name: 'ThreatOriginalRiskLevel', type: 'int' }
        { name: 'ThreatOriginalRiskLevel_s', type: 'string' }
        { name: 'ThreatRiskLevel', type: 'int' }
        { name: 'TimeGenerated', type: 'dateTime' }
        { name: 'TransactionIdHex', type: 'string' }
        { name: 'UrlCategory', type: 'string' }
      ]
    }
  }
}

resource networkArchive 'Microsoft.OperationalInsights/workspaces/tables@2025-07-01' = if (archive) {
  parent: workspace
  name: 'WinnetNetworkArchive_CL'
  properties: {
    plan: 'Auxiliary'
    totalRetentionInDays: 365
    schema: {
      name: 'WinnetNetworkArchive_CL'
      columns: [
        { name: 'AdditionalFields', type: 'string' }
        { name: 'DstAppId', type: 'string' }
        { name: 'DstAppName', type: 'string' }
        { name: 'DstAppType', type: 'string' }
        { name: 'DstBytes', type: 'long' }
        { name: 'DstDescription', type: 'string' }
        { name: 'DstDeviceType', type: 'string' }
        { name: 'DstDomain', type: 'string' }
        { name: 'DstDomainType', type: 'string' }
        { name: 'DstDvcId', type: 'string' }
        { name: 'DstDvcIdType', type: 'string' }
        { name: 'DstFQDN', type: 'string' }
        { name: 'DstGeoCity', type: 'string' }
        { name: 'DstGeoCountry', type: 'string' }
        { name: 'DstGeoLatitude', type: 'real' }
        { name: 'DstGeoLongitude', type: 'real' }
        { name: 'DstGeoRegion', type: 'string' }
        { name: 'DstHostname', type: 'string' }
        { name: 'DstInterfaceGuid', type: 'string' }
        { name: 'DstInterfaceName', type: 'string' }
        { name: 'DstIpAddr', type: 'string' }
        { name: 'DstMacAddr', type: 'string' }
        { name: 'DstNatIpAddr', type: 'string' }
        { name: 'DstNatPortNumber', type: 'int' }
        { name: 'DstOriginalUserType', type: 'string' }
        { name: 'DstPackets', type: 'long' }
        { name: 'DstPortNumber', type: 'int' }
        { name: 'DstSubscriptionId', type: 'string' }
        { name: 'DstUserId', type: 'string' }
        { name: 'DstUserIdType', type: 'string' }
        { name: 'DstUsername', type: 'string' }
        { name: 'DstUsernameType', type: 'string' }
        { name: 'DstUserType', type: 'string' }
        { name: 'DstVlanId', type: 'string' }
        { name: 'DstZone', type: 'string' }
        { name: 'Dvc', type: 'string' }
        { name: 'DvcAction', type: 'string' }
        { name: 'DvcDescription', type: 'string' }
        { name: 'DvcDomain', type: 'string' }
        { name: 'DvcDomainType', type: 'string' }
        { name: 'DvcFQDN', type: 'string' }
        { name: 'DvcHostname', type: 'string' }
        { name: 'DvcId', type: 'string' }
        { name: 'DvcIdType', type: 'string' }
        { name: 'DvcInboundInterface', type: 'string' }
        { name: 'DvcInterface', type: 'string' }
        { name: 'DvcIpAddr', type: 'string' }
        { name: 'DvcMacAddr', type: 'string' }
        { name: 'DvcOriginalAction', type: 'string' }
        { name: 'DvcOs', type: 'string' }
        { name: 'DvcOsVersion', type: 'string' }
        { name: 'DvcOutboundInterface', type: 'string' }
        { name: 'DvcSubscriptionId', type: 'string' }
        { name: 'DvcZone', type: 'string' }
        { name: 'EventCount', type: 'int' }
        { name: 'EventEndTime', type: 'dateTime' }
        { name: 'EventMessage', type: 'string' }
        { name: 'EventOriginalResultDetails', type: 'string' }
        { name: 'EventOriginalSeverity', type: 'string' }
        { name: 'EventOriginalSubType', type: 'string' }
        { name: 'EventOriginalType', type: 'string' }
        { name: 'EventOriginalUid', type: 'string' }
        { name: 'EventProduct', type: 'string' }
        { name: 'EventProductVersion', type: 'string' }
        { name: 'EventReportUrl', type: 'string' }
        { name: 'EventResult', type: 'string' }
        { name: 'EventResultDetails', type: 'string' }
        { name: 'EventSchemaVersion', type: 'string' }
        { name: 'EventSeverity', type: 'string' }
        { name: 'EventStartTime', type: 'dateTime' }
        { name: 'EventSubType', type: 'string' }
        { name: 'EventType', type: 'string' }
        { name: 'EventVendor', type: 'string' }
        { name: 'NetworkApplicationProtocol', type: 'string' }
        { name: 'NetworkBytes', type: 'long' }
        { name: 'NetworkConnectionHistory', type: 'string' }
        { name: 'NetworkDirection', type: 'string' }
        { name: 'NetworkDuration', type: 'int' }
        { name: 'NetworkIcmpCode', type: 'int' }
        { name: 'NetworkIcmpType', type: 'string' }
        { name: 'NetworkPackets', type: 'long' }
        { name: 'NetworkProtocol', type: 'string' }
        { name: 'NetworkProtocolVersion', type: 'string' }
        { name: 'NetworkRuleName', type: 'string' }
        { name: 'NetworkRuleNumber', type: 'int' }
        { name: 'NetworkSessionId', type: 'string' }
        { name: 'SrcAppId', type: 'string' }
        { name: 'SrcAppName', type: 'string' }
        { name: 'SrcAppType', type: 'string' }
        { name: 'SrcBytes', type: 'long' }
        { name: 'SrcDescription', type: 'string' }
        { name: 'SrcDeviceType', type: 'string' }
        { name: 'SrcDomain', type: 'string' }
        { name: 'SrcDomainType', type: 'string' }
        { name: 'SrcDvcId', type: 'string' }
        { name: 'SrcDvcIdType', type: 'string' }
        { name: 'SrcFQDN', type: 'string' }
        { name: 'SrcGeoCity', type: 'string' }
        { name: 'SrcGeoCountry', type: 'string' }
        { name: 'SrcGeoLatitude', type: 'real' }
        { name: 'SrcGeoLongitude', type: 'real' }
        { name: 'SrcGeoRegion', type: 'string' }
        { name: 'SrcHostname', type: 'string' }
        { name: 'SrcInterfaceGuid', type: 'string' }
        { name: 'SrcInterfaceName', type: 'string' }
        { name: 'SrcIpAddr', type: 'string' }
        { name: 'SrcMacAddr', type: 'string' }
        { name: 'SrcNatIpAddr', type: 'string' }
        { name: 'SrcNatPortNumber', type: 'int' }
        { name: 'SrcOriginalUserType', type: 'string' }
        { name: 'SrcPackets', type: 'long' }
        { name: 'SrcPortNumber', type: 'int' }
        { name: 'SrcSubscriptionId', type: 'string' }
        { name: 'SrcUserId', type: 'string' }
        { name: 'SrcUserIdType', type: 'string' }
        { name: 'SrcUsername', type: 'string' }
        { name: 'SrcUsernameType', type: 'string' }
        { name: 'SrcUserType', type: 'string' }
        { name: 'SrcVlanId', type: 'string' }
        { name: 'SrcZone', type: 'string' }
        { name: 'TcpFlagsAck', type: 'boolean' }
        { name: 'TcpFlagsFin', type: 'boolean' }
        { name: 'TcpFlagsPsh', type: 'boolean' }
        { name: 'TcpFlagsRst', type: 'boolean' }
        { name: 'TcpFlagsSyn', type: 'boolean' }
        { name: 'TcpFlagsUrg', type: 'boolean' }
        { name: 'ThreatCategory', type: 'string' }
        { name: 'ThreatConfidence', type: 'int' }
        { name: 'ThreatField', type: 'string' }
        { name: 'ThreatFirstReportedTime', type: 'dateTime' }
        { name: 'ThreatId', type: 'string' }
        { name: 'ThreatIpAddr', type: 'string' }
        { name: 'ThreatIsActive', type: 'boolean' }
        { name: 'ThreatLastReportedTime', type: 'dateTime' }
        { name: 'ThreatName', type: 'string' }
        { name: 'ThreatOriginalConfidence', type: 'string' }
        { name: 'ThreatOriginalRiskLevel', type: 'string' }
        { name: 'ThreatRiskLevel', type: 'int' }
        { name: 'TimeGenerated', type: 'dateTime' }
      ]
    }
  }
}

resource unpack 'Microsoft.OperationalInsights/workspaces/savedSearches@2020-08-01' = {
  parent: workspace
  name: 'WinnetDns'
  properties: {
    category: 'otelcol-winnet'
    displayName: 'WinnetDns'
    functionAlias: 'WinnetDns'
    functionParameters: 'starttime:datetime=datetime(null), endtime:datetime=datetime(null)'
    query: 'let text = (value: dynamic, texts: dynamic) { case(gettype(value) != "long", tostring(value), tolong(value) == 0, "", tostring(texts[toint(value) - 1])) }; let rows = ASimDnsActivityLogs | where (isnull(starttime) or TimeGenerated >= starttime) and (isnull(endtime) or EventStartTime <= endtime); let unpacked = rows | where isnotnull(AdditionalFields.Sums) | extend Sums = AdditionalFields.Sums, Texts = AdditionalFields.SumsTexts, Base = bin(EventStartTime, 1ms) | mv-expand Group = Sums | extend Ends = series_iir(Group[4], dynamic([1]), dynamic([1, -1])), Items = Group[5], Columns = Group[6] | mv-expand Ends to typeof(real), Items | extend Own = Items[array_length(Items) - 1], Count = coalesce(tolong(Items[4]), 1), Duration = coalesce(tolong(Items[3]), 0) | extend Own = iff(gettype(Own) == "dictionary", Own, dynamic({})), Suffix = text(Group[2], Texts) | extend N5 = coalesce(tolong(Items[5]), 0), N6 = coalesce(tolong(Items[6]), 0), N7 = coalesce(tolong(Items[7]), 0), N8 = coalesce(tolong(Items[8]), 0), N9 = coalesce(tolong(Items[9]), 0), N10 = coalesce(tolong(Items[10]), 0), N11 = coalesce(tolong(Items[11]), 0) | extend Answers = iff(gettype(Items[2]) == "array", Items[2], pack_array(Items[2])) | mv-apply Answer = Answers on (summarize DnsAnswers = make_list_if(text(Answer, Texts), isnotempty(text(Answer, Texts)))) | extend EventStartTime = Base + Ends * 1ms | extend EventEndTime = EventStartTime + iff(Duration > 0, Duration, 0) * 1ms + iff(Count > 1, iff(N5 > 0, N5, 0) + N9, N7) * 1ms | extend DnsQuery = strcat(text(Items[0], Texts), iff(isempty(Suffix), "", strcat(".", Suffix))), DnsQueryTypeName = text(Items[1], Texts), EventResultDetails = text(Group[0], Texts), DnsFlags = text(Group[1], Texts), EventCount = toint(iff(Count > 1, Count, 1)), DnsNetworkDuration = iff(Duration < 0, int(null), toint(Duration)), TimeGenerated = EventEndTime, DnsResponseName = iff(isnotnull(AdditionalFields.SumsAnswers), strcat_array(DnsAnswers, ";"), coalesce(tostring(Columns.DnsResponseName), DnsResponseName)), SrcPortNumber = iff(Count < 2 and N5 > 0, toint(N5), int(null)), TransactionIdHex = iff(Count < 2 and N6 > 0, tohex(N6 - 1, 4), ""), EventOriginalUid = "" | extend EventResult = coalesce(tostring(Columns.EventResult), case(EventResultDetails == "NA", "NA", EventResultDetails == "NOERROR", "Success", "Failure")) | extend DnsFlagsAuthenticated = coalesce(tobool(Columns.DnsFlagsAuthenticated), DnsFlagsAuthenticated), DnsFlagsAuthoritative = coalesce(tobool(Columns.DnsFlagsAuthoritative), DnsFlagsAuthoritative), DnsFlagsCheckingDisabled = coalesce(tobool(Columns.DnsFlagsCheckingDisabled), DnsFlagsCheckingDisabled), DnsFlagsRecursionAvailable = coalesce(tobool(Columns.DnsFlagsRecursionAvailable), DnsFlagsRecursionAvailable), DnsFlagsRecursionDesired = coalesce(tobool(Columns.DnsFlagsRecursionDesired), DnsFlagsRecursionDesired), DnsFlagsTruncated = coalesce(tobool(Columns.DnsFlagsTruncated), DnsFlagsTruncated), DnsFlagsZ = coalesce(tobool(Columns.DnsFlagsZ), DnsFlagsZ), DnsQueryClass = coalesce(toint(Columns.DnsQueryClass), DnsQueryClass), DnsQueryType = coalesce(toint(Columns.DnsQueryType), DnsQueryType), DnsResponseCode = coalesce(toint(Columns.DnsResponseCode), DnsResponseCode), DstPortNumber = coalesce(toint(Columns.DstPortNumber), DstPortNumber), DnsQueryClassName = coalesce(tostring(Columns.DnsQueryClassName), DnsQueryClassName), DnsSessionId = coalesce(tostring(Columns.DnsSessionId), DnsSessionId), Dst = coalesce(tostring(Columns.Dst), Dst), DstIpAddr = coalesce(tostring(Columns.DstIpAddr), DstIpAddr), EventSeverity = coalesce(tostring(Columns.EventSeverity), EventSeverity), NetworkProtocol = coalesce(tostring(Columns.NetworkProtocol), NetworkProtocol), NetworkProtocolVersion = coalesce(tostring(Columns.NetworkProtocolVersion), NetworkProtocolVersion), SrcProcessId = coalesce(tostring(Columns.SrcProcessId), SrcProcessId), SrcProcessName = coalesce(tostring(Columns.SrcProcessName), SrcProcessName), SrcUserId = coalesce(tostring(Columns.SrcUserId), SrcUserId), SrcUserIdType = coalesce(tostring(Columns.SrcUserIdType), SrcUserIdType), SrcUsername = coalesce(tostring(Columns.SrcUsername), SrcUsername), SrcUsernameType = coalesce(tostring(Columns.SrcUsernameType), SrcUsernameType) | extend AdditionalFields = bag_merge(iff(gettype(Group[3].Zone) == "long", bag_pack("Zone", Suffix), dynamic({})), bag_remove_keys(AdditionalFields, dynamic(["Sums", "SumsTexts", "SumsAnswers"])), iff(gettype(Group[3]) == "dictionary", Group[3], dynamic({})), Own, iff(array_length(DnsAnswers) > 0, bag_pack("DnsAnswers", DnsAnswers), dynamic({})), iff(Count == 0, bag_pack("New", true), dynamic({})), iff(isnull(Columns), dynamic({}), bag_remove_keys(Columns, dynamic([ "EventResult", "DnsFlagsAuthenticated", "DnsFlagsAuthoritative", "DnsFlagsCheckingDisabled", "DnsFlagsRecursionAvailable", "DnsFlagsRecursionDesired", "DnsFlagsTruncated", "DnsFlagsZ", "DnsQueryClass", "DnsQueryType", "DnsResponseCode", "DnsResponseName", "DstPortNumber", "DnsQueryClassName", "DnsSessionId", "Dst", "DstIpAddr", "EventSeverity", "NetworkProtocol", "NetworkProtocolVersion", "SrcProcessId", "SrcProcessName", "SrcUserId", "SrcUserIdType", "SrcUsername", "SrcUsernameType"]))), iff(Count > 1 and Duration >= 0, bag_pack("DnsNetworkDurationMin", Duration - N7, "DnsNetworkDurationMax", Duration + N8), dynamic({})), iff(Count > 1 and N5 >= 0, bag_pack("GapSum", N5), dynamic({})), iff(Count > 1 and N6 >= 0, bag_pack("GapSquareSum", iff(Count == 2 and N6 == 0, N5 * N5, N6)), dynamic({})), iff(N10 > 0, bag_pack("RecursionExchanges", N10, "RecursionCount", N11), dynamic({}))) | project-away Sums, Texts, Base, Group, Ends, Items, Columns, Own, Count, Duration, Suffix, N5, N6, N7, N8, N9, N10, N11, Answers, DnsAnswers; union (rows | where isnull(AdditionalFields.Sums)), unpacked | where (isnull(starttime) or EventEndTime >= starttime) and (isnull(endtime) or EventStartTime <= endtime)'
    version: 2
  }
}

resource aSimDnsWinnet 'Microsoft.OperationalInsights/workspaces/savedSearches@2020-08-01' = if (parsers) {
  parent: workspace
  name: 'ASimDnsWinnet'
  properties: {
    category: 'otelcol-winnet'
    displayName: 'ASimDnsWinnet'
    functionAlias: 'ASimDnsWinnet'
    functionParameters: 'disabled:bool=false'
    query: '''
vimDnsWinnet(eventtype='*', disabled=disabled)
'''
    version: 2
  }
}

resource aSimDnsWinnetArchive 'Microsoft.OperationalInsights/workspaces/savedSearches@2020-08-01' = if (archiveParsers) {
  parent: workspace
  name: 'ASimDnsWinnetArchive'
  properties: {
    category: 'otelcol-winnet'
    displayName: 'ASimDnsWinnetArchive'
    functionAlias: 'ASimDnsWinnetArchive'
    functionParameters: 'disabled:bool=false'
    query: '''
vimDnsWinnetArchive(eventtype='*', disabled=disabled)
'''
    version: 2
  }
}

resource aSimNetworkSessionWinnet 'Microsoft.OperationalInsights/workspaces/savedSearches@2020-08-01' = if (parsers) {
  parent: workspace
  name: 'ASimNetworkSessionWinnet'
  properties: {
    category: 'otelcol-winnet'
    displayName: 'ASimNetworkSessionWinnet'
    functionAlias: 'ASimNetworkSessionWinnet'
    functionParameters: 'disabled:bool=false'
    query: '''
vimNetworkSessionWinnet(disabled=disabled)
'''
    version: 2
  }
}

resource aSimNetworkSessionWinnetArchive 'Microsoft.OperationalInsights/workspaces/savedSearches@2020-08-01' = if (archiveParsers) {
  parent: workspace
  name: 'ASimNetworkSessionWinnetArchive'
  properties: {
    category: 'otelcol-winnet'
    displayName: 'ASimNetworkSessionWinnetArchive'
    functionAlias: 'ASimNetworkSessionWinnetArchive'
    functionParameters: 'disabled:bool=false'
    query: '''
vimNetworkSessionWinnetArchive(disabled=disabled)
'''
    version: 2
  }
}

resource aSimDnsCustom 'Microsoft.OperationalInsights/workspaces/savedSearches@2020-08-01' = if (unifyingParsers) {
  parent: workspace
  name: 'ASim_DnsCustom'
  properties: {
    category: 'otelcol-winnet'
    displayName: 'ASim_DnsCustom'
    functionAlias: 'ASim_DnsCustom'
    functionParameters: 'disabled:bool=false, pack:bool=false'
    query: '''
union isfuzzy=true
    ASimDnsWinnet(disabled=disabled)
'''
    version: 2
  }
}

resource aSimNetworkSessionCustom 'Microsoft.OperationalInsights/workspaces/savedSearches@2020-08-01' = if (unifyingParsers) {
  parent: workspace
  name: 'ASim_NetworkSessionCustom'
  properties: {
    category: 'otelcol-winnet'
    displayName: 'ASim_NetworkSessionCustom'
    functionAlias: 'ASim_NetworkSessionCustom'
    functionParameters: 'disabled:bool=false, pack:bool=false'
    query: '''
union isfuzzy=true
    ASimNetworkSessionWinnet(disabled=disabled)
'''
    version: 2
  }
}

resource imDnsCustom 'Microsoft.OperationalInsights/workspaces/savedSearches@2020-08-01' = if (unifyingParsers) {
  parent: workspace
  name: 'Im_DnsCustom'
  properties: {
    category: 'otelcol-winnet'
    displayName: 'Im_DnsCustom'
    functionAlias: 'Im_DnsCustom'
    functionParameters: 'starttime:datetime=datetime(null), endtime:datetime=datetime(null), srcipaddr:string=\'*\', domain_has_any:dynamic=dynamic([]), responsecodename:string=\'*\', response_has_ipv4:string=\'*\', response_has_any_prefix:dynamic=dynamic([]), eventtype:string=\'Query\', disabled:bool=false, pack:bool=false'
    query: '''
union isfuzzy=true
    vimDnsWinnet(starttime=starttime, endtime=endtime, srcipaddr=srcipaddr, domain_has_any=domain_has_any, responsecodename=responsecodename, response_has_ipv4=response_has_ipv4, response_has_any_prefix=response_has_any_prefix, eventtype=eventtype, disabled=disabled)
'''
    version: 2
  }
}

resource imNetworkSessionCustom 'Microsoft.OperationalInsights/workspaces/savedSearches@2020-08-01' = if (unifyingParsers) {
  parent: workspace
  name: 'Im_NetworkSessionCustom'
  properties: {
    category: 'otelcol-winnet'
    displayName: 'Im_NetworkSessionCustom'
    functionAlias: 'Im_NetworkSessionCustom'
    functionParameters: 'starttime:datetime=datetime(null), endtime:datetime=datetime(null), srcipaddr_has_any_prefix:dynamic=dynamic([]), dstipaddr_has_any_prefix:dynamic=dynamic([]), ipaddr_has_any_prefix:dynamic=dynamic([]), dstportnumber:int=int(null), hostname_has_any:dynamic=dynamic([]), dvcaction:dynamic=dynamic([]), eventresult:string=\'*\', disabled:bool=false, pack:bool=false'
    query: '''
union isfuzzy=true
    vimNetworkSessionWinnet(starttime=starttime, endtime=endtime, srcipaddr_has_any_prefix=srcipaddr_has_any_prefix, dstipaddr_has_any_prefix=dstipaddr_has_any_prefix, ipaddr_has_any_prefix=ipaddr_has_any_prefix, dstportnumber=dstportnumber, hostname_has_any=hostname_has_any, dvcaction=dvcaction, eventresult=eventresult, disabled=disabled)
'''
    version: 2
  }
}

resource vimDnsWinnet 'Microsoft.OperationalInsights/workspaces/savedSearches@2020-08-01' = if (parsers) {
  parent: workspace
  name: 'vimDnsWinnet'
  properties: {
    category: 'otelcol-winnet'
    displayName: 'vimDnsWinnet'
    functionAlias: 'vimDnsWinnet'
    functionParameters: 'starttime:datetime=datetime(null), endtime:datetime=datetime(null), srcipaddr:string=\'*\', domain_has_any:dynamic=dynamic([]), responsecodename:string=\'*\', response_has_ipv4:string=\'*\', response_has_any_prefix:dynamic=dynamic([]), eventtype:string=\'Query\', disabled:bool=false'
    query: '''
let parser = (starttime: datetime=datetime(null), endtime: datetime=datetime(null), srcipaddr: string='*', domain_has_any: dynamic=dynamic([]), responsecodename: string='*', response_has_ipv4: string='*', response_has_any_prefix: dynamic=dynamic([]), eventtype: string='Query', disabled: bool=false) {
    // A row stands for the time from EventStartTime to EventEndTime, and TimeGenerated is not before its start: a row that is older than starttime as a
    // whole is left out by TimeGenerated, which is fast, and the rest by its own times.
    let stored = ASimDnsActivityLogs
        | where not(disabled)
        | where (isnull(starttime) or TimeGenerated >= starttime) and (isnull(endtime) or coalesce(EventStartTime, TimeGenerated) <= endtime)
        // Others write to the table, too. Rows of this project have an identifier of 32 digits.
        | where EventVendor == 'Microsoft' and EventProduct in ('DNS Server', 'DNS Client') and strlen(EventOriginalUid) == 32
        | where (srcipaddr == '*' or SrcIpAddr == srcipaddr) and (eventtype == '*' or EventType == eventtype or (eventtype == 'lookup' and EventType == 'Query'))
    ;
    let traces = union isfuzzy=true (datatable(TimeGenerated: datetime, Properties: dynamic, Type: string, _ItemId: string) []), AppTraces
        | where not(disabled)
        | where isnull(starttime) or TimeGenerated >= starttime
        | where Properties has 'asim.dns.events'
        | where tostring(Properties['instrumentationlibrary.name']) == 'asim.dns.events' and tostring(Properties['winnet.tier']) != 'archive'
        | extend EventType = tostring(Properties.EventType), SrcIpAddr = tostring(Properties.SrcIpAddr)
        | where (srcipaddr == '*' or SrcIpAddr == srcipaddr) and (eventtype == '*' or EventType == eventtype or (eventtype == 'lookup' and EventType == 'Query'))
        | extend Own = parse_json(tostring(Properties.AdditionalFields))
        | project TimeGenerated, Type, _ItemId,
            DnsFlags = tostring(Properties.DnsFlags), DnsFlagsAuthenticated = tobool(tostring(Properties.DnsFlagsAuthenticated)),
            DnsFlagsAuthoritative = tobool(tostring(Properties.DnsFlagsAuthoritative)),
            DnsFlagsCheckingDisabled = tobool(tostring(Properties.DnsFlagsCheckingDisabled)),
            DnsFlagsRecursionAvailable = tobool(tostring(Properties.DnsFlagsRecursionAvailable)),
            DnsFlagsRecursionDesired = tobool(tostring(Properties.DnsFlagsRecursionDesired)), DnsFlagsTruncated = tobool(tostring(Properties.DnsFlagsTruncated)),
            DnsFlagsZ = tobool(tostring(Properties.DnsFlagsZ)), DnsNetworkDuration = toint(tostring(Properties.DnsNetworkDuration)),
            DnsQuery = tostring(Properties.DnsQuery), DnsQueryClass = toint(tostring(Properties.DnsQueryClass)),
            DnsQueryClassName = tostring(Properties.DnsQueryClassName), DnsQueryType = toint(tostring(Properties.DnsQueryType)),
            DnsQueryTypeName = tostring(Properties.DnsQueryTypeName), DnsResponseCode = toint(tostring(Properties.DnsResponseCode)),
            DnsResponseIpCity = tostring(Properties.DnsResponseIpCity), DnsResponseIpCountry = tostring(Properties.DnsResponseIpCountry),
            DnsResponseIpLatitude = todouble(tostring(Properties.DnsResponseIpLatitude)),
            DnsResponseIpLongitude = todouble(tostring(Properties.DnsResponseIpLongitude)), DnsResponseIpRegion = tostring(Properties.DnsResponseIpRegion),
            DnsResponseName = tostring(Properties.DnsResponseName), DnsSessionId = tostring(Properties.DnsSessionId), Dst = tostring(Properties.Dst),
            DstDescription = tostring(Properties.DstDescription), DstDeviceType = tostring(Properties.DstDeviceType), DstDomain = tostring(Properties.DstDomain),
            DstDomainType = tostring(Properties.DstDomainType), DstDvcId = tostring(Properties.DstDvcId), DstDvcIdType = tostring(Properties.DstDvcIdType),
            DstDvcScope = tostring(Properties.DstDvcScope), DstDvcScopeId = tostring(Properties.DstDvcScopeId), DstFQDN = tostring(Properties.DstFQDN),
            DstGeoCity = tostring(Properties.DstGeoCity), DstGeoCountry = tostring(Properties.DstGeoCountry),
            DstGeoLatitude = todouble(tostring(Properties.DstGeoLatitude)), DstGeoLongitude = todouble(tostring(Properties.DstGeoLongitude)),
            DstGeoRegion = tostring(Properties.DstGeoRegion), DstHostname = tostring(Properties.DstHostname), DstIpAddr = tostring(Properties.DstIpAddr),
            DstOriginalRiskLevel = tostring(Properties.DstOriginalRiskLevel), DstPortNumber = toint(tostring(Properties.DstPortNumber)),
            DstRiskLevel = toint(tostring(Properties.DstRiskLevel)), Dvc = tostring(Properties.Dvc), DvcAction = tostring(Properties.DvcAction),
            DvcDescription = tostring(Properties.DvcDescription), DvcDomain = tostring(Properties.DvcDomain), DvcDomainType = tostring(Properties.DvcDomainType),
            DvcFQDN = tostring(Properties.DvcFQDN), DvcHostname = tostring(Properties.DvcHostname), DvcId = tostring(Properties.DvcId),
            DvcIdType = tostring(Properties.DvcIdType), DvcInterface = tostring(Properties.DvcInterface), DvcIpAddr = tostring(Properties.DvcIpAddr),
            DvcMacAddr = tostring(Properties.DvcMacAddr), DvcOriginalAction = tostring(Properties.DvcOriginalAction), DvcOs = tostring(Properties.DvcOs),
            DvcOsVersion = tostring(Properties.DvcOsVersion), DvcScope = tostring(Properties.DvcScope), DvcScopeId = tostring(Properties.DvcScopeId),
            DvcZone = tostring(Properties.DvcZone), EventCount = toint(tostring(Properties.EventCount)),
            EventEndTime = todatetime(tostring(Properties.EventEndTime)), EventMessage = tostring(Properties.EventMessage),
            EventOriginalSeverity = tostring(Properties.EventOriginalSeverity), EventOriginalType = tostring(Properties.EventOriginalType),
            EventOriginalUid = tostring(Properties.EventOriginalUid), EventOwner = tostring(Properties.EventOwner),
            EventProduct = tostring(Properties.EventProduct), EventProductVersion = tostring(Properties.EventProductVersion),
            EventReportUrl = tostring(Properties.EventReportUrl), EventResult = tostring(Properties.EventResult),
            EventResultDetails = tostring(Properties.EventResultDetails), EventSchemaVersion = tostring(Properties.EventSchemaVersion),
            EventSeverity = tostring(Properties.EventSeverity), EventStartTime = todatetime(tostring(Properties.EventStartTime)),
            EventSubType = tostring(Properties.EventSubType), EventType = tostring(Properties.EventType), EventVendor = tostring(Properties.EventVendor),
            NetworkProtocol = tostring(Properties.NetworkProtocol), NetworkProtocolVersion = tostring(Properties.NetworkProtocolVersion),
            RuleName = tostring(Properties.RuleName), RuleNumber = toint(tostring(Properties.RuleNumber)), Src = tostring(Properties.Src),
            SrcDescription = tostring(Properties.SrcDescription), SrcDeviceType = tostring(Properties.SrcDeviceType), SrcDomain = tostring(Properties.SrcDomain),
            SrcDomainType = tostring(Properties.SrcDomainType), SrcDvcId = tostring(Properties.SrcDvcId), SrcDvcIdType = tostring(Properties.SrcDvcIdType),
            SrcDvcScope = tostring(Properties.SrcDvcScope), SrcDvcScopeId = tostring(Properties.SrcDvcScopeId), SrcFQDN = tostring(Properties.SrcFQDN),
            SrcGeoCity = tostring(Properties.SrcGeoCity), SrcGeoCountry = tostring(Properties.SrcGeoCountry),
            SrcGeoLatitude = todouble(tostring(Properties.SrcGeoLatitude)), SrcGeoLongitude = todouble(tostring(Properties.SrcGeoLongitude)),
            SrcGeoRegion = tostring(Properties.SrcGeoRegion), SrcHostname = tostring(Properties.SrcHostname), SrcIpAddr = tostring(Properties.SrcIpAddr),
            SrcOriginalRiskLevel = tostring(Properties.SrcOriginalRiskLevel), SrcOriginalUserType = tostring(Properties.SrcOriginalUserType),
            SrcPortNumber = toint(tostring(Properties.SrcPortNumber)), SrcProcessGuid = tostring(Properties.SrcProcessGuid),
            SrcProcessId = tostring(Properties.SrcProcessId), SrcProcessName = tostring(Properties.SrcProcessName),
            SrcRiskLevel = toint(tostring(Properties.SrcRiskLevel)), SrcUserId = tostring(Properties.SrcUserId),
            SrcUserIdType = tostring(Properties.SrcUserIdType), SrcUsername = tostring(Properties.SrcUsername),
            SrcUsernameType = tostring(Properties.SrcUsernameType), SrcUserScope = tostring(Properties.SrcUserScope),
            SrcUserScopeId = tostring(Properties.SrcUserScopeId), SrcUserSessionId = tostring(Properties.SrcUserSessionId),
            SrcUserType = tostring(Properties.SrcUserType), ThreatCategory = tostring(Properties.ThreatCategory),
            ThreatConfidence = toint(tostring(Properties.ThreatConfidence)), ThreatField = tostring(Properties.ThreatField),
            ThreatFirstReportedTime = tostring(Properties.ThreatFirstReportedTime),
            ThreatFirstReportedTime_d = todatetime(tostring(Properties.ThreatFirstReportedTime_d)), ThreatId = tostring(Properties.ThreatId),
            ThreatIpAddr = tostring(Properties.ThreatIpAddr), ThreatIsActive = tobool(tostring(Properties.ThreatIsActive)),
            ThreatLastReportedTime = tostring(Properties.ThreatLastReportedTime),
            ThreatLastReportedTime_d = todatetime(tostring(Properties.ThreatLastReportedTime_d)), ThreatName = tostring(Properties.ThreatName),
            ThreatOriginalConfidence = tostring(Properties.ThreatOriginalConfidence),
            ThreatOriginalRiskLevel = toint(tostring(Properties.ThreatOriginalRiskLevel)),
            ThreatOriginalRiskLevel_s = tostring(Properties.ThreatOriginalRiskLevel_s), ThreatRiskLevel = toint(tostring(Properties.ThreatRiskLevel)),
            TransactionIdHex = tostring(Properties.TransactionIdHex), UrlCategory = tostring(Properties.UrlCategory),
            AdditionalFields = bag_merge(iff(gettype(Own) == 'dictionary', Own, dynamic({})), bag_remove_keys(Properties, dynamic([
                'DnsFlags', 'DnsFlagsAuthenticated', 'DnsFlagsAuthoritative', 'DnsFlagsCheckingDisabled', 'DnsFlagsRecursionAvailable',
                'DnsFlagsRecursionDesired', 'DnsFlagsTruncated', 'DnsFlagsZ', 'DnsNetworkDuration', 'DnsQuery', 'DnsQueryClass', 'DnsQueryClassName',
                'DnsQueryType', 'DnsQueryTypeName', 'DnsResponseCode', 'DnsResponseIpCity', 'DnsResponseIpCountry', 'DnsResponseIpLatitude',
                'DnsResponseIpLongitude', 'DnsResponseIpRegion', 'DnsResponseName', 'DnsSessionId', 'Dst', 'DstDescription', 'DstDeviceType', 'DstDomain',
                'DstDomainType', 'DstDvcId', 'DstDvcIdType', 'DstDvcScope', 'DstDvcScopeId', 'DstFQDN', 'DstGeoCity', 'DstGeoCountry', 'DstGeoLatitude',
                'DstGeoLongitude', 'DstGeoRegion', 'DstHostname', 'DstIpAddr', 'DstOriginalRiskLevel', 'DstPortNumber', 'DstRiskLevel', 'Dvc', 'DvcAction',
                'DvcDescription', 'DvcDomain', 'DvcDomainType', 'DvcFQDN', 'DvcHostname', 'DvcId', 'DvcIdType', 'DvcInterface', 'DvcIpAddr', 'DvcMacAddr',
                'DvcOriginalAction', 'DvcOs', 'DvcOsVersion', 'DvcScope', 'DvcScopeId', 'DvcZone', 'EventCount', 'EventEndTime', 'EventMessage',
                'EventOriginalSeverity', 'EventOriginalType', 'EventOriginalUid', 'EventOwner', 'EventProduct', 'EventProductVersion', 'EventReportUrl',
                'EventResult', 'EventResultDetails', 'EventSchemaVersion', 'EventSeverity', 'EventStartTime', 'EventSubType', 'EventType', 'EventVendor',
                'NetworkProtocol', 'NetworkProtocolVersion', 'RuleName', 'RuleNumber', 'Src', 'SrcDescription', 'SrcDeviceType', 'SrcDomain', 'SrcDomainType',
                'SrcDvcId', 'SrcDvcIdType', 'SrcDvcScope', 'SrcDvcScopeId', 'SrcFQDN', 'SrcGeoCity', 'SrcGeoCountry', 'SrcGeoLatitude', 'SrcGeoLongitude',
                'SrcGeoRegion', 'SrcHostname', 'SrcIpAddr', 'SrcOriginalRiskLevel', 'SrcOriginalUserType', 'SrcPortNumber', 'SrcProcessGuid', 'SrcProcessId',
                'SrcProcessName', 'SrcRiskLevel', 'SrcUserId', 'SrcUserIdType', 'SrcUsername', 'SrcUsernameType', 'SrcUserScope', 'SrcUserScopeId',
                'SrcUserSessionId', 'SrcUserType', 'ThreatCategory', 'ThreatConfidence', 'ThreatField', 'ThreatFirstReportedTime', 'ThreatFirstReportedTime_d',
                'ThreatId', 'ThreatIpAddr', 'ThreatIsActive', 'ThreatLastReportedTime', 'ThreatLastReportedTime_d', 'ThreatName', 'ThreatOriginalConfidence',
                'ThreatOriginalRiskLevel', 'ThreatOriginalRiskLevel_s', 'ThreatRiskLevel', 'TransactionIdHex', 'UrlCategory', 'AdditionalFields', 'EventSchema',
                'host.name', 'instrumentationlibrary.name', 'instrumentationlibrary.version', 'os.type', 'service.instance.id', 'service.name',
                'service.namespace', 'service.version', 'winnet.tier'])))
    ;
    // Packed rows pass here: their names and results are in the items.
    let rows = union stored, traces
        | where isnotnull(AdditionalFields.Sums) or ((array_length(domain_has_any) == 0 or DnsQuery has_any (domain_has_any))
            and (responsecodename == '*' or EventResultDetails =~ responsecodename))
    ;
    // The items of packed rows, as the function WinnetDns makes rows of them.
    let text = (value: dynamic, texts: dynamic) {
        case(gettype(value) != "long", tostring(value), tolong(value) == 0, "", tostring(texts[toint(value) - 1]))
    };
    let unpacked = rows
        | where isnotnull(AdditionalFields.Sums)
        | extend Sums = AdditionalFields.Sums, Texts = AdditionalFields.SumsTexts, Base = bin(EventStartTime, 1ms)
        | mv-expand Group = Sums
        | extend Ends = series_iir(Group[4], dynamic([1]), dynamic([1, -1])), Items = Group[5], Columns = Group[6]
        | mv-expand Ends to typeof(real), Items
        | extend Own = Items[array_length(Items) - 1], Count = coalesce(tolong(Items[4]), 1), Duration = coalesce(tolong(Items[3]), 0)
        | extend Own = iff(gettype(Own) == "dictionary", Own, dynamic({})), Suffix = text(Group[2], Texts)
        | extend N5 = coalesce(tolong(Items[5]), 0), N6 = coalesce(tolong(Items[6]), 0), N7 = coalesce(tolong(Items[7]), 0), N8 = coalesce(tolong(Items[8]), 0),
            N9 = coalesce(tolong(Items[9]), 0), N10 = coalesce(tolong(Items[10]), 0), N11 = coalesce(tolong(Items[11]), 0)
        | extend Answers = iff(gettype(Items[2]) == "array", Items[2], pack_array(Items[2]))
        | mv-apply Answer = Answers on (summarize DnsAnswers = make_list_if(text(Answer, Texts), isnotempty(text(Answer, Texts))))
        | extend EventStartTime = Base + Ends * 1ms
        | extend EventEndTime = EventStartTime + iff(Duration > 0, Duration, 0) * 1ms + iff(Count > 1, iff(N5 > 0, N5, 0) + N9, N7) * 1ms
        | extend DnsQuery = strcat(text(Items[0], Texts), iff(isempty(Suffix), "", strcat(".", Suffix))), DnsQueryTypeName = text(Items[1], Texts),
            EventResultDetails = text(Group[0], Texts), DnsFlags = text(Group[1], Texts), EventCount = toint(iff(Count > 1, Count, 1)),
            DnsNetworkDuration = iff(Duration < 0, int(null), toint(Duration)), TimeGenerated = EventEndTime,
            // SumsAnswers is set in profile asim, where it is the answers. In profile windows it is the response code's name; slim records have none.
            DnsResponseName = iff(isnotnull(AdditionalFields.SumsAnswers), strcat_array(DnsAnswers, ";"), coalesce(tostring(Columns.DnsResponseName), DnsResponseName)),
            SrcPortNumber = iff(Count < 2 and N5 > 0, toint(N5), int(null)), TransactionIdHex = iff(Count < 2 and N6 > 0, tohex(N6 - 1, 4), ""), EventOriginalUid = ""
        | extend EventResult = coalesce(tostring(Columns.EventResult), case(EventResultDetails == "NA", "NA", EventResultDetails == "NOERROR", "Success", "Failure"))
        // A column in which the items differ is in their group. No other column differs: the items are of one client, one device and one kind of event.
        | extend DnsFlagsAuthenticated = coalesce(tobool(Columns.DnsFlagsAuthenticated), DnsFlagsAuthenticated),
            DnsFlagsAuthoritative = coalesce(tobool(Columns.DnsFlagsAuthoritative), DnsFlagsAuthoritative),
            DnsFlagsCheckingDisabled = coalesce(tobool(Columns.DnsFlagsCheckingDisabled), DnsFlagsCheckingDisabled),
            DnsFlagsRecursionAvailable = coalesce(tobool(Columns.DnsFlagsRecursionAvailable), DnsFlagsRecursionAvailable),
            DnsFlagsRecursionDesired = coalesce(tobool(Columns.DnsFlagsRecursionDesired), DnsFlagsRecursionDesired),
            DnsFlagsTruncated = coalesce(tobool(Columns.DnsFlagsTruncated), DnsFlagsTruncated), DnsFlagsZ = coalesce(tobool(Columns.DnsFlagsZ), DnsFlagsZ),
            DnsQueryClass = coalesce(toint(Columns.DnsQueryClass), DnsQueryClass), DnsQueryType = coalesce(toint(Columns.DnsQueryType), DnsQueryType),
            DnsResponseCode = coalesce(toint(Columns.DnsResponseCode), DnsResponseCode),
            DstPortNumber = coalesce(toint(Columns.DstPortNumber), DstPortNumber),
            DnsQueryClassName = coalesce(tostring(Columns.DnsQueryClassName), DnsQueryClassName),
            DnsSessionId = coalesce(tostring(Columns.DnsSessionId), DnsSessionId), Dst = coalesce(tostring(Columns.Dst), Dst),
            DstIpAddr = coalesce(tostring(Columns.DstIpAddr), DstIpAddr), EventSeverity = coalesce(tostring(Columns.EventSeverity), EventSeverity),
            NetworkProtocol = coalesce(tostring(Columns.NetworkProtocol), NetworkProtocol),
            NetworkProtocolVersion = coalesce(tostring(Columns.NetworkProtocolVersion), NetworkProtocolVersion),
            SrcProcessId = coalesce(tostring(Columns.SrcProcessId), SrcProcessId),
            SrcProcessName = coalesce(tostring(Columns.SrcProcessName), SrcProcessName), SrcUserId = coalesce(tostring(Columns.SrcUserId), SrcUserId),
            SrcUserIdType = coalesce(tostring(Columns.SrcUserIdType), SrcUserIdType), SrcUsername = coalesce(tostring(Columns.SrcUsername), SrcUsername),
            SrcUsernameType = coalesce(tostring(Columns.SrcUsernameType), SrcUsernameType)
        | extend AdditionalFields = bag_merge(iff(gettype(Group[3].Zone) == "long", bag_pack("Zone", Suffix), dynamic({})), bag_remove_keys(AdditionalFields, dynamic(["Sums", "SumsTexts", "SumsAnswers"])), iff(gettype(Group[3]) == "dictionary", Group[3], dynamic({})), Own,
            iff(array_length(DnsAnswers) > 0, bag_pack("DnsAnswers", DnsAnswers), dynamic({})), iff(Count == 0, bag_pack("New", true), dynamic({})),
            iff(isnull(Columns), dynamic({}), bag_remove_keys(Columns, dynamic([
                "EventResult", "DnsFlagsAuthenticated", "DnsFlagsAuthoritative", "DnsFlagsCheckingDisabled", "DnsFlagsRecursionAvailable",
                "DnsFlagsRecursionDesired", "DnsFlagsTruncated", "DnsFlagsZ", "DnsQueryClass", "DnsQueryType", "DnsResponseCode", "DnsResponseName", "DstPortNumber",
                "DnsQueryClassName", "DnsSessionId", "Dst", "DstIpAddr", "EventSeverity", "NetworkProtocol", "NetworkProtocolVersion", "SrcProcessId",
                "SrcProcessName", "SrcUserId", "SrcUserIdType", "SrcUsername", "SrcUsernameType"]))),
            iff(Count > 1 and Duration >= 0, bag_pack("DnsNetworkDurationMin", Duration - N7, "DnsNetworkDurationMax", Duration + N8), dynamic({})),
            iff(Count > 1 and N5 >= 0, bag_pack("GapSum", N5), dynamic({})),
            iff(Count > 1 and N6 >= 0, bag_pack("GapSquareSum", iff(Count == 2 and N6 == 0, N5 * N5, N6)), dynamic({})),
            iff(N10 > 0, bag_pack("RecursionExchanges", N10, "RecursionCount", N11), dynamic({})))
        | project-away Sums, Texts, Base, Group, Ends, Items, Columns, Own, Count, Duration, Suffix, N5, N6, N7, N8, N9, N10, N11, Answers, DnsAnswers;
    union (rows | where isnull(AdditionalFields.Sums)), unpacked
    | where (array_length(domain_has_any) == 0 or DnsQuery has_any (domain_has_any)) and (responsecodename == '*' or EventResultDetails =~ responsecodename)
    | extend EventStartTime = coalesce(EventStartTime, TimeGenerated), EventEndTime = coalesce(EventEndTime, EventStartTime, TimeGenerated)
    | where (isnull(starttime) or EventEndTime >= starttime) and (isnull(endtime) or EventStartTime <= endtime)
    // The answers are in DnsResponseName or, in profile windows, in AdditionalFields.DnsAnswers alone.
    | extend Answers = strcat(DnsResponseName, ' ', tostring(AdditionalFields.DnsAnswers))
    | where (response_has_ipv4 == '*' or has_ipv4(Answers, response_has_ipv4))
        and (array_length(response_has_any_prefix) == 0 or has_any_ipv4_prefix(Answers, response_has_any_prefix))
    | project
        AdditionalFields, DnsFlags, DnsFlagsAuthenticated, DnsFlagsAuthoritative, DnsFlagsCheckingDisabled, DnsFlagsRecursionAvailable, DnsFlagsRecursionDesired,
        DnsFlagsTruncated, DnsFlagsZ, DnsNetworkDuration, DnsQuery, DnsQueryClass, DnsQueryClassName, DnsQueryType, DnsQueryTypeName, DnsResponseCode,
        DnsResponseCodeName = EventResultDetails, DnsResponseIpCity, DnsResponseIpCountry, DnsResponseIpLatitude, DnsResponseIpLongitude, DnsResponseIpRegion,
        DnsResponseName, DnsSessionId, Domain = DnsQuery, DomainCategory = UrlCategory, Dst = coalesce(Dst, DstFQDN, DstHostname, DstIpAddr), DstDescription,
        DstDeviceType, DstDomain, DstDomainType, DstDvcId, DstDvcIdType, DstDvcScope, DstDvcScopeId, DstFQDN, DstGeoCity, DstGeoCountry, DstGeoLatitude,
        DstGeoLongitude, DstGeoRegion, DstHostname, DstIpAddr, DstOriginalRiskLevel,
        DstPortNumber = iff(isnull(DstPortNumber) and EventProduct == 'DNS Server' and isnotempty(DstIpAddr), int(53), DstPortNumber), DstRiskLevel,
        Duration = DnsNetworkDuration, Dvc = coalesce(Dvc, DvcFQDN, DvcHostname, DvcIpAddr), DvcAction, DvcDescription, DvcDomain, DvcDomainType, DvcFQDN,
        DvcHostname, DvcId, DvcIdType, DvcInterface, DvcIpAddr, DvcMacAddr, DvcOriginalAction, DvcOs, DvcOsVersion, DvcScope, DvcScopeId, DvcZone, EventCount,
        EventEndTime, EventMessage, EventOriginalResultDetails = tostring(AdditionalFields.EventOriginalResultDetails), EventOriginalSeverity,
        EventOriginalSubType = tostring(AdditionalFields.EventOriginalSubType), EventOriginalType, EventOriginalUid, EventOwner, EventProduct,
        EventProductVersion, EventReportUrl, EventResult, EventResultDetails, EventSchema = 'Dns', EventSchemaVersion = coalesce(EventSchemaVersion, '0.1.7'),
        EventSeverity, EventStartTime, EventSubType, EventType, EventUid = _ItemId, EventVendor, Hostname = SrcHostname, IpAddr = SrcIpAddr, NetworkProtocol,
        NetworkProtocolVersion = case(isnotempty(NetworkProtocolVersion), NetworkProtocolVersion, isempty(coalesce(DstIpAddr, SrcIpAddr)), '', coalesce(DstIpAddr, SrcIpAddr) contains ':', 'IPv6', 'IPv4'),
        Process = SrcProcessName, RuleName, RuleNumber, SessionId = DnsSessionId, Src = coalesce(Src, SrcFQDN, SrcHostname, SrcIpAddr), SrcDescription,
        SrcDeviceType, SrcDomain, SrcDomainType, SrcDvcId, SrcDvcIdType, SrcDvcScope, SrcDvcScopeId, SrcFQDN, SrcGeoCity, SrcGeoCountry, SrcGeoLatitude,
        SrcGeoLongitude, SrcGeoRegion, SrcHostname, SrcIpAddr, SrcOriginalRiskLevel, SrcOriginalUserType, SrcPortNumber, SrcProcessGuid, SrcProcessId,
        SrcProcessName, SrcRiskLevel, SrcUserId, SrcUserIdType, SrcUserScope, SrcUserScopeId, SrcUserSessionId, SrcUserType, SrcUsername, SrcUsernameType,
        ThreatCategory, ThreatConfidence, ThreatField, ThreatFirstReportedTime = todatetime(ThreatFirstReportedTime), ThreatId, ThreatIpAddr, ThreatIsActive,
        ThreatLastReportedTime = todatetime(ThreatLastReportedTime), ThreatName, ThreatOriginalConfidence,
        ThreatOriginalRiskLevel = tostring(ThreatOriginalRiskLevel), ThreatRiskLevel, TimeGenerated, TransactionIdHex, Type, UrlCategory, User = SrcUsername
};
parser(starttime=starttime, endtime=endtime, srcipaddr=srcipaddr, domain_has_any=domain_has_any, responsecodename=responsecodename, response_has_ipv4=response_has_ipv4, response_has_any_prefix=response_has_any_prefix, eventtype=eventtype, disabled=disabled)
'''
    version: 2
  }
}

resource vimDnsWinnetArchive 'Microsoft.OperationalInsights/workspaces/savedSearches@2020-08-01' = if (archiveParsers) {
  parent: workspace
  name: 'vimDnsWinnetArchive'
  properties: {
    category: 'otelcol-winnet'
    displayName: 'vimDnsWinnetArchive'
    functionAlias: 'vimDnsWinnetArchive'
    functionParameters: 'starttime:datetime=datetime(null), endtime:datetime=datetime(null), srcipaddr:string=\'*\', domain_has_any:dynamic=dynamic([]), responsecodename:string=\'*\', response_has_ipv4:string=\'*\', response_has_any_prefix:dynamic=dynamic([]), eventtype:string=\'Query\', disabled:bool=false'
    query: '''
let parser = (starttime: datetime=datetime(null), endtime: datetime=datetime(null), srcipaddr: string='*', domain_has_any: dynamic=dynamic([]), responsecodename: string='*', response_has_ipv4: string='*', response_has_any_prefix: dynamic=dynamic([]), eventtype: string='Query', disabled: bool=false) {
    // A row stands for the time from EventStartTime to EventEndTime, and TimeGenerated is not before its start: a row that is older than starttime as a
    // whole is left out by TimeGenerated, which is fast, and the rest by its own times.
    let stored = WinnetDnsArchive_CL
        | where not(disabled)
        | where (isnull(starttime) or TimeGenerated >= starttime) and (isnull(endtime) or coalesce(EventStartTime, TimeGenerated) <= endtime)
        // Others write to the table, too. Rows of this project have an identifier of 32 digits.
        | where EventVendor == 'Microsoft' and EventProduct in ('DNS Server', 'DNS Client') and strlen(EventOriginalUid) == 32
        | where (srcipaddr == '*' or SrcIpAddr == srcipaddr) and (eventtype == '*' or EventType == eventtype or (eventtype == 'lookup' and EventType == 'Query'))
        | where (array_length(domain_has_any) == 0 or DnsQuery has_any (domain_has_any)) and (responsecodename == '*' or EventResultDetails =~ responsecodename)
        // The table has AdditionalFields as a text. It also has the audit events of the server, which are of another schema.
        | extend AdditionalFields = parse_json(AdditionalFields)
        | where tostring(AdditionalFields.EventSchema) in ('', 'Dns')
    ;
    stored
    | extend EventStartTime = coalesce(EventStartTime, TimeGenerated), EventEndTime = coalesce(EventEndTime, EventStartTime, TimeGenerated)
    | where (isnull(starttime) or EventEndTime >= starttime) and (isnull(endtime) or EventStartTime <= endtime)
    // The answers are in DnsResponseName or, in profile windows, in AdditionalFields.DnsAnswers alone.
    | extend Answers = strcat(DnsResponseName, ' ', tostring(AdditionalFields.DnsAnswers))
    | where (response_has_ipv4 == '*' or has_ipv4(Answers, response_has_ipv4))
        and (array_length(response_has_any_prefix) == 0 or has_any_ipv4_prefix(Answers, response_has_any_prefix))
    | project
        AdditionalFields, DnsFlags, DnsFlagsAuthenticated, DnsFlagsAuthoritative, DnsFlagsCheckingDisabled, DnsFlagsRecursionAvailable, DnsFlagsRecursionDesired,
        DnsFlagsTruncated, DnsFlagsZ, DnsNetworkDuration, DnsQuery, DnsQueryClass, DnsQueryClassName, DnsQueryType, DnsQueryTypeName, DnsResponseCode,
        DnsResponseCodeName = EventResultDetails, DnsResponseIpCity, DnsResponseIpCountry, DnsResponseIpLatitude, DnsResponseIpLongitude, DnsResponseIpRegion,
        DnsResponseName, DnsSessionId, Domain = DnsQuery, DomainCategory = UrlCategory, Dst = coalesce(Dst, DstFQDN, DstHostname, DstIpAddr), DstDescription,
        DstDeviceType, DstDomain, DstDomainType, DstDvcId, DstDvcIdType, DstDvcScope, DstDvcScopeId, DstFQDN, DstGeoCity, DstGeoCountry, DstGeoLatitude,
        DstGeoLongitude, DstGeoRegion, DstHostname, DstIpAddr, DstOriginalRiskLevel,
        DstPortNumber = iff(isnull(DstPortNumber) and EventProduct == 'DNS Server' and isnotempty(DstIpAddr), int(53), DstPortNumber), DstRiskLevel,
        Duration = DnsNetworkDuration, Dvc = coalesce(Dvc, DvcFQDN, DvcHostname, DvcIpAddr), DvcAction, DvcDescription, DvcDomain, DvcDomainType, DvcFQDN,
        DvcHostname, DvcId, DvcIdType, DvcInterface, DvcIpAddr, DvcMacAddr, DvcOriginalAction, DvcOs, DvcOsVersion, DvcScope, DvcScopeId, DvcZone, EventCount,
        EventEndTime, EventMessage, EventOriginalResultDetails = tostring(AdditionalFields.EventOriginalResultDetails), EventOriginalSeverity,
        EventOriginalSubType = tostring(AdditionalFields.EventOriginalSubType), EventOriginalType, EventOriginalUid, EventOwner, EventProduct,
        EventProductVersion, EventReportUrl, EventResult, EventResultDetails, EventSchema = 'Dns', EventSchemaVersion = coalesce(EventSchemaVersion, '0.1.7'),
        EventSeverity, EventStartTime, EventSubType, EventType, EventUid = _ItemId, EventVendor, Hostname = SrcHostname, IpAddr = SrcIpAddr, NetworkProtocol,
        NetworkProtocolVersion = case(isnotempty(NetworkProtocolVersion), NetworkProtocolVersion, isempty(coalesce(DstIpAddr, SrcIpAddr)), '', coalesce(DstIpAddr, SrcIpAddr) contains ':', 'IPv6', 'IPv4'),
        Process = SrcProcessName, RuleName, RuleNumber, SessionId = DnsSessionId, Src = coalesce(Src, SrcFQDN, SrcHostname, SrcIpAddr), SrcDescription,
        SrcDeviceType, SrcDomain, SrcDomainType, SrcDvcId, SrcDvcIdType, SrcDvcScope, SrcDvcScopeId, SrcFQDN, SrcGeoCity, SrcGeoCountry, SrcGeoLatitude,
        SrcGeoLongitude, SrcGeoRegion, SrcHostname, SrcIpAddr, SrcOriginalRiskLevel, SrcOriginalUserType, SrcPortNumber, SrcProcessGuid, SrcProcessId,
        SrcProcessName, SrcRiskLevel, SrcUserId, SrcUserIdType, SrcUserScope, SrcUserScopeId, SrcUserSessionId, SrcUserType, SrcUsername, SrcUsernameType,
        ThreatCategory, ThreatConfidence, ThreatField, ThreatFirstReportedTime = todatetime(ThreatFirstReportedTime), ThreatId, ThreatIpAddr, ThreatIsActive,
        ThreatLastReportedTime = todatetime(ThreatLastReportedTime), ThreatName, ThreatOriginalConfidence,
        ThreatOriginalRiskLevel = tostring(ThreatOriginalRiskLevel), ThreatRiskLevel, TimeGenerated, TransactionIdHex, Type, UrlCategory, User = SrcUsername
};
parser(starttime=starttime, endtime=endtime, srcipaddr=srcipaddr, domain_has_any=domain_has_any, responsecodename=responsecodename, response_has_ipv4=response_has_ipv4, response_has_any_prefix=response_has_any_prefix, eventtype=eventtype, disabled=disabled)
'''
    version: 2
  }
}

resource vimNetworkSessionWinnet 'Microsoft.OperationalInsights/workspaces/savedSearches@2020-08-01' = if (parsers) {
  parent: workspace
  name: 'vimNetworkSessionWinnet'
  properties: {
    category: 'otelcol-winnet'
    displayName: 'vimNetworkSessionWinnet'
    functionAlias: 'vimNetworkSessionWinnet'
    functionParameters: 'starttime:datetime=datetime(null), endtime:datetime=datetime(null), srcipaddr_has_any_prefix:dynamic=dynamic([]), dstipaddr_has_any_prefix:dynamic=dynamic([]), ipaddr_has_any_prefix:dynamic=dynamic([]), dstportnumber:int=int(null), hostname_has_any:dynamic=dynamic([]), dvcaction:dynamic=dynamic([]), eventresult:string=\'*\', disabled:bool=false'
    query: '''
let parser = (starttime: datetime=datetime(null), endtime: datetime=datetime(null), srcipaddr_has_any_prefix: dynamic=dynamic([]), dstipaddr_has_any_prefix: dynamic=dynamic([]), ipaddr_has_any_prefix: dynamic=dynamic([]), dstportnumber: int=int(null), hostname_has_any: dynamic=dynamic([]), dvcaction: dynamic=dynamic([]), eventresult: string='*', disabled: bool=false) {
    // A row stands for the time from EventStartTime to EventEndTime, and TimeGenerated is not before its start.
    let stored = ASimNetworkSessionLogs
        | where not(disabled)
        | where (isnull(starttime) or TimeGenerated >= starttime) and (isnull(endtime) or coalesce(EventStartTime, TimeGenerated) <= endtime)
        | where EventVendor == 'Isovalent' and EventProduct == 'Cilium'
        | where (isnull(dstportnumber) or DstPortNumber == dstportnumber) and (array_length(dvcaction) == 0 or DvcAction in (dvcaction))
            and (eventresult == '*' or EventResult == eventresult)
    ;
    let traces = union isfuzzy=true (datatable(TimeGenerated: datetime, Properties: dynamic, Type: string, _ItemId: string) []), AppTraces
        | where not(disabled)
        | where isnull(starttime) or TimeGenerated >= starttime
        | where Properties has 'asim.network.events'
        | where tostring(Properties['instrumentationlibrary.name']) == 'asim.network.events' and tostring(Properties['winnet.tier']) != 'archive'
        | extend DstPortNumber = toint(tostring(Properties.DstPortNumber)), DvcAction = tostring(Properties.DvcAction), EventResult = tostring(Properties.EventResult)
        | where (isnull(dstportnumber) or DstPortNumber == dstportnumber) and (array_length(dvcaction) == 0 or DvcAction in (dvcaction))
            and (eventresult == '*' or EventResult == eventresult)
        | extend Own = parse_json(tostring(Properties.AdditionalFields))
        | project TimeGenerated, Type, _ItemId,
            DstAppId = tostring(Properties.DstAppId), DstAppName = tostring(Properties.DstAppName), DstAppType = tostring(Properties.DstAppType),
            DstBytes = tolong(tostring(Properties.DstBytes)), DstDescription = tostring(Properties.DstDescription),
            DstDeviceType = tostring(Properties.DstDeviceType), DstDomain = tostring(Properties.DstDomain), DstDomainType = tostring(Properties.DstDomainType),
            DstDvcId = tostring(Properties.DstDvcId), DstDvcIdType = tostring(Properties.DstDvcIdType), DstFQDN = tostring(Properties.DstFQDN),
            DstGeoCity = tostring(Properties.DstGeoCity), DstGeoCountry = tostring(Properties.DstGeoCountry),
            DstGeoLatitude = todouble(tostring(Properties.DstGeoLatitude)), DstGeoLongitude = todouble(tostring(Properties.DstGeoLongitude)),
            DstGeoRegion = tostring(Properties.DstGeoRegion), DstHostname = tostring(Properties.DstHostname),
            DstInterfaceGuid = tostring(Properties.DstInterfaceGuid), DstInterfaceName = tostring(Properties.DstInterfaceName),
            DstIpAddr = tostring(Properties.DstIpAddr), DstMacAddr = tostring(Properties.DstMacAddr), DstNatIpAddr = tostring(Properties.DstNatIpAddr),
            DstNatPortNumber = toint(tostring(Properties.DstNatPortNumber)), DstOriginalUserType = tostring(Properties.DstOriginalUserType),
            DstPackets = tolong(tostring(Properties.DstPackets)), DstPortNumber = toint(tostring(Properties.DstPortNumber)),
            DstSubscriptionId = tostring(Properties.DstSubscriptionId), DstUserId = tostring(Properties.DstUserId),
            DstUserIdType = tostring(Properties.DstUserIdType), DstUsername = tostring(Properties.DstUsername),
            DstUsernameType = tostring(Properties.DstUsernameType), DstUserType = tostring(Properties.DstUserType), DstVlanId = tostring(Properties.DstVlanId),
            DstZone = tostring(Properties.DstZone), Dvc = tostring(Properties.Dvc), DvcAction = tostring(Properties.DvcAction),
            DvcDescription = tostring(Properties.DvcDescription), DvcDomain = tostring(Properties.DvcDomain), DvcDomainType = tostring(Properties.DvcDomainType),
            DvcFQDN = tostring(Properties.DvcFQDN), DvcHostname = tostring(Properties.DvcHostname), DvcId = tostring(Properties.DvcId),
            DvcIdType = tostring(Properties.DvcIdType), DvcInboundInterface = tostring(Properties.DvcInboundInterface),
            DvcInterface = tostring(Properties.DvcInterface), DvcIpAddr = tostring(Properties.DvcIpAddr), DvcMacAddr = tostring(Properties.DvcMacAddr),
            DvcOriginalAction = tostring(Properties.DvcOriginalAction), DvcOs = tostring(Properties.DvcOs), DvcOsVersion = tostring(Properties.DvcOsVersion),
            DvcOutboundInterface = tostring(Properties.DvcOutboundInterface), DvcSubscriptionId = tostring(Properties.DvcSubscriptionId),
            DvcZone = tostring(Properties.DvcZone), EventCount = toint(tostring(Properties.EventCount)),
            EventEndTime = todatetime(tostring(Properties.EventEndTime)), EventMessage = tostring(Properties.EventMessage),
            EventOriginalResultDetails = tostring(Properties.EventOriginalResultDetails), EventOriginalSeverity = tostring(Properties.EventOriginalSeverity),
            EventOriginalSubType = tostring(Properties.EventOriginalSubType), EventOriginalType = tostring(Properties.EventOriginalType),
            EventOriginalUid = tostring(Properties.EventOriginalUid), EventProduct = tostring(Properties.EventProduct),
            EventProductVersion = tostring(Properties.EventProductVersion), EventReportUrl = tostring(Properties.EventReportUrl),
            EventResult = tostring(Properties.EventResult), EventResultDetails = tostring(Properties.EventResultDetails),
            EventSchemaVersion = tostring(Properties.EventSchemaVersion), EventSeverity = tostring(Properties.EventSeverity),
            EventStartTime = todatetime(tostring(Properties.EventStartTime)), EventSubType = tostring(Properties.EventSubType),
            EventType = tostring(Properties.EventType), EventVendor = tostring(Properties.EventVendor),
            NetworkApplicationProtocol = tostring(Properties.NetworkApplicationProtocol), NetworkBytes = tolong(tostring(Properties.NetworkBytes)),
            NetworkConnectionHistory = tostring(Properties.NetworkConnectionHistory), NetworkDirection = tostring(Properties.NetworkDirection),
            NetworkDuration = toint(tostring(Properties.NetworkDuration)), NetworkIcmpCode = toint(tostring(Properties.NetworkIcmpCode)),
            NetworkIcmpType = tostring(Properties.NetworkIcmpType), NetworkPackets = tolong(tostring(Properties.NetworkPackets)),
            NetworkProtocol = tostring(Properties.NetworkProtocol), NetworkProtocolVersion = tostring(Properties.NetworkProtocolVersion),
            NetworkRuleName = tostring(Properties.NetworkRuleName), NetworkRuleNumber = toint(tostring(Properties.NetworkRuleNumber)),
            NetworkSessionId = tostring(Properties.NetworkSessionId), SrcAppId = tostring(Properties.SrcAppId), SrcAppName = tostring(Properties.SrcAppName),
            SrcAppType = tostring(Properties.SrcAppType), SrcBytes = tolong(tostring(Properties.SrcBytes)), SrcDescription = tostring(Properties.SrcDescription),
            SrcDeviceType = tostring(Properties.SrcDeviceType), SrcDomain = tostring(Properties.SrcDomain), SrcDomainType = tostring(Properties.SrcDomainType),
            SrcDvcId = tostring(Properties.SrcDvcId), SrcDvcIdType = tostring(Properties.SrcDvcIdType), SrcFQDN = tostring(Properties.SrcFQDN),
            SrcGeoCity = tostring(Properties.SrcGeoCity), SrcGeoCountry = tostring(Properties.SrcGeoCountry),
            SrcGeoLatitude = todouble(tostring(Properties.SrcGeoLatitude)), SrcGeoLongitude = todouble(tostring(Properties.SrcGeoLongitude)),
            SrcGeoRegion = tostring(Properties.SrcGeoRegion), SrcHostname = tostring(Properties.SrcHostname),
            SrcInterfaceGuid = tostring(Properties.SrcInterfaceGuid), SrcInterfaceName = tostring(Properties.SrcInterfaceName),
            SrcIpAddr = tostring(Properties.SrcIpAddr), SrcMacAddr = tostring(Properties.SrcMacAddr), SrcNatIpAddr = tostring(Properties.SrcNatIpAddr),
            SrcNatPortNumber = toint(tostring(Properties.SrcNatPortNumber)), SrcOriginalUserType = tostring(Properties.SrcOriginalUserType),
            SrcPackets = tolong(tostring(Properties.SrcPackets)), SrcPortNumber = toint(tostring(Properties.SrcPortNumber)),
            SrcSubscriptionId = tostring(Properties.SrcSubscriptionId), SrcUserId = tostring(Properties.SrcUserId),
            SrcUserIdType = tostring(Properties.SrcUserIdType), SrcUsername = tostring(Properties.SrcUsername),
            SrcUsernameType = tostring(Properties.SrcUsernameType), SrcUserType = tostring(Properties.SrcUserType), SrcVlanId = tostring(Properties.SrcVlanId),
            SrcZone = tostring(Properties.SrcZone), TcpFlagsAck = tobool(tostring(Properties.TcpFlagsAck)),
            TcpFlagsFin = tobool(tostring(Properties.TcpFlagsFin)), TcpFlagsPsh = tobool(tostring(Properties.TcpFlagsPsh)),
            TcpFlagsRst = tobool(tostring(Properties.TcpFlagsRst)), TcpFlagsSyn = tobool(tostring(Properties.TcpFlagsSyn)),
            TcpFlagsUrg = tobool(tostring(Properties.TcpFlagsUrg)), ThreatCategory = tostring(Properties.ThreatCategory),
            ThreatConfidence = toint(tostring(Properties.ThreatConfidence)), ThreatField = tostring(Properties.ThreatField),
            ThreatFirstReportedTime = todatetime(tostring(Properties.ThreatFirstReportedTime)), ThreatId = tostring(Properties.ThreatId),
            ThreatIpAddr = tostring(Properties.ThreatIpAddr), ThreatIsActive = tobool(tostring(Properties.ThreatIsActive)),
            ThreatLastReportedTime = todatetime(tostring(Properties.ThreatLastReportedTime)), ThreatName = tostring(Properties.ThreatName),
            ThreatOriginalConfidence = tostring(Properties.ThreatOriginalConfidence), ThreatOriginalRiskLevel = tostring(Properties.ThreatOriginalRiskLevel),
            ThreatRiskLevel = toint(tostring(Properties.ThreatRiskLevel)),
            AdditionalFields = bag_merge(iff(gettype(Own) == 'dictionary', Own, dynamic({})), bag_remove_keys(Properties, dynamic([
                'DstAppId', 'DstAppName', 'DstAppType', 'DstBytes', 'DstDescription', 'DstDeviceType', 'DstDomain', 'DstDomainType', 'DstDvcId', 'DstDvcIdType',
                'DstFQDN', 'DstGeoCity', 'DstGeoCountry', 'DstGeoLatitude', 'DstGeoLongitude', 'DstGeoRegion', 'DstHostname', 'DstInterfaceGuid',
                'DstInterfaceName', 'DstIpAddr', 'DstMacAddr', 'DstNatIpAddr', 'DstNatPortNumber', 'DstOriginalUserType', 'DstPackets', 'DstPortNumber',
                'DstSubscriptionId', 'DstUserId', 'DstUserIdType', 'DstUsername', 'DstUsernameType', 'DstUserType', 'DstVlanId', 'DstZone', 'Dvc', 'DvcAction',
                'DvcDescription', 'DvcDomain', 'DvcDomainType', 'DvcFQDN', 'DvcHostname', 'DvcId', 'DvcIdType', 'DvcInboundInterface', 'DvcInterface',
                'DvcIpAddr', 'DvcMacAddr', 'DvcOriginalAction', 'DvcOs', 'DvcOsVersion', 'DvcOutboundInterface', 'DvcSubscriptionId', 'DvcZone', 'EventCount',
                'EventEndTime', 'EventMessage', 'EventOriginalResultDetails', 'EventOriginalSeverity', 'EventOriginalSubType', 'EventOriginalType',
                'EventOriginalUid', 'EventProduct', 'EventProductVersion', 'EventReportUrl', 'EventResult', 'EventResultDetails', 'EventSchemaVersion',
                'EventSeverity', 'EventStartTime', 'EventSubType', 'EventType', 'EventVendor', 'NetworkApplicationProtocol', 'NetworkBytes',
                'NetworkConnectionHistory', 'NetworkDirection', 'NetworkDuration', 'NetworkIcmpCode', 'NetworkIcmpType', 'NetworkPackets', 'NetworkProtocol',
                'NetworkProtocolVersion', 'NetworkRuleName', 'NetworkRuleNumber', 'NetworkSessionId', 'SrcAppId', 'SrcAppName', 'SrcAppType', 'SrcBytes',
                'SrcDescription', 'SrcDeviceType', 'SrcDomain', 'SrcDomainType', 'SrcDvcId', 'SrcDvcIdType', 'SrcFQDN', 'SrcGeoCity', 'SrcGeoCountry',
                'SrcGeoLatitude', 'SrcGeoLongitude', 'SrcGeoRegion', 'SrcHostname', 'SrcInterfaceGuid', 'SrcInterfaceName', 'SrcIpAddr', 'SrcMacAddr',
                'SrcNatIpAddr', 'SrcNatPortNumber', 'SrcOriginalUserType', 'SrcPackets', 'SrcPortNumber', 'SrcSubscriptionId', 'SrcUserId', 'SrcUserIdType',
                'SrcUsername', 'SrcUsernameType', 'SrcUserType', 'SrcVlanId', 'SrcZone', 'TcpFlagsAck', 'TcpFlagsFin', 'TcpFlagsPsh', 'TcpFlagsRst',
                'TcpFlagsSyn', 'TcpFlagsUrg', 'ThreatCategory', 'ThreatConfidence', 'ThreatField', 'ThreatFirstReportedTime', 'ThreatId', 'ThreatIpAddr',
                'ThreatIsActive', 'ThreatLastReportedTime', 'ThreatName', 'ThreatOriginalConfidence', 'ThreatOriginalRiskLevel', 'ThreatRiskLevel',
                'AdditionalFields', 'EventSchema', 'host.name', 'instrumentationlibrary.name', 'instrumentationlibrary.version', 'os.type',
                'service.instance.id', 'service.name', 'service.namespace', 'service.version', 'winnet.tier'])))
    ;
    union stored, traces
    // A list has prefixes of IPv4 addresses, and whole addresses of IPv6. All lists that are given must match.
    | extend SourceMatches = has_any_ipv4_prefix(SrcIpAddr, srcipaddr_has_any_prefix) or SrcIpAddr in (srcipaddr_has_any_prefix),
        DestinationMatches = has_any_ipv4_prefix(DstIpAddr, dstipaddr_has_any_prefix) or DstIpAddr in (dstipaddr_has_any_prefix),
        EitherSource = has_any_ipv4_prefix(SrcIpAddr, ipaddr_has_any_prefix) or SrcIpAddr in (ipaddr_has_any_prefix),
        EitherDestination = has_any_ipv4_prefix(DstIpAddr, ipaddr_has_any_prefix) or DstIpAddr in (ipaddr_has_any_prefix)
    | where (array_length(srcipaddr_has_any_prefix) == 0 or SourceMatches) and (array_length(dstipaddr_has_any_prefix) == 0 or DestinationMatches)
        and (array_length(ipaddr_has_any_prefix) == 0 or EitherSource or EitherDestination)
    | extend ASimMatchingIpAddr = case((SourceMatches or EitherSource) and (DestinationMatches or EitherDestination), 'Both', SourceMatches or EitherSource, 'SrcIpAddr',
        DestinationMatches or EitherDestination, 'DstIpAddr', '-')
    | extend SourceMatches = SrcHostname has_any (hostname_has_any), DestinationMatches = DstHostname has_any (hostname_has_any)
    | where array_length(hostname_has_any) == 0 or SourceMatches or DestinationMatches
    | extend ASimMatchingHostname = case(SourceMatches and DestinationMatches, 'Both', SourceMatches, 'SrcHostname', DestinationMatches, 'DstHostname', '-')
    | extend EventStartTime = coalesce(EventStartTime, EventEndTime, TimeGenerated), EventEndTime = coalesce(EventEndTime, EventStartTime, TimeGenerated)
    | where (isnull(starttime) or EventEndTime >= starttime) and (isnull(endtime) or EventStartTime <= endtime)
    | project
        ASimMatchingHostname, ASimMatchingIpAddr, AdditionalFields, Dst = coalesce(DstFQDN, DstHostname, DstIpAddr), DstAppId, DstAppName, DstAppType, DstBytes,
        DstDescription, DstDeviceType, DstDomain, DstDomainType, DstDvcId, DstDvcIdType, DstFQDN, DstGeoCity, DstGeoCountry, DstGeoLatitude, DstGeoLongitude,
        DstGeoRegion, DstHostname, DstInterfaceGuid, DstInterfaceName, DstIpAddr, DstMacAddr, DstNatIpAddr, DstNatPortNumber, DstOriginalUserType, DstPackets,
        DstPortNumber, DstUserId, DstUserIdType, DstUserType, DstUsername, DstUsernameType, DstVlanId, DstZone, Duration = NetworkDuration,
        Dvc = coalesce(Dvc, DvcFQDN, DvcHostname, DvcIpAddr), DvcAction, DvcDescription, DvcDomain, DvcDomainType, DvcFQDN, DvcHostname, DvcId, DvcIdType,
        DvcInboundInterface, DvcInterface = coalesce(DvcInterface, DvcInboundInterface, DvcOutboundInterface), DvcIpAddr, DvcMacAddr, DvcOriginalAction, DvcOs,
        DvcOsVersion, DvcOutboundInterface, DvcZone, EventCount, EventEndTime, EventMessage, EventOriginalResultDetails, EventOriginalSeverity,
        EventOriginalSubType, EventOriginalType, EventOriginalUid, EventProduct, EventProductVersion, EventReportUrl, EventResult, EventResultDetails,
        EventSchema = 'NetworkSession', EventSchemaVersion = coalesce(EventSchemaVersion, '0.2.6'), EventSeverity, EventStartTime, EventSubType, EventType,
        EventUid = _ItemId, EventVendor, Hostname = DstHostname, InnerVlanId = SrcVlanId, IpAddr = SrcIpAddr, NetworkApplicationProtocol, NetworkBytes,
        NetworkConnectionHistory, NetworkDirection, NetworkDuration, NetworkIcmpCode, NetworkIcmpType, NetworkPackets, NetworkProtocol, NetworkProtocolVersion,
        NetworkRuleName, NetworkRuleNumber, NetworkSessionId, OuterVlanId = DstVlanId, Rule = coalesce(NetworkRuleName, tostring(NetworkRuleNumber)),
        SessionId = NetworkSessionId, Src = coalesce(SrcFQDN, SrcHostname, SrcIpAddr), SrcAppId, SrcAppName, SrcAppType, SrcBytes, SrcDescription, SrcDeviceType,
        SrcDomain, SrcDomainType, SrcDvcId, SrcDvcIdType, SrcFQDN, SrcGeoCity, SrcGeoCountry, SrcGeoLatitude, SrcGeoLongitude, SrcGeoRegion, SrcHostname,
        SrcInterfaceGuid, SrcInterfaceName, SrcIpAddr, SrcMacAddr, SrcNatIpAddr, SrcNatPortNumber, SrcOriginalUserType, SrcPackets, SrcPortNumber, SrcUserId,
        SrcUserIdType, SrcUserType, SrcUsername, SrcUsernameType, SrcVlanId, SrcZone, TcpFlagsAck, TcpFlagsFin, TcpFlagsPsh, TcpFlagsRst, TcpFlagsSyn,
        TcpFlagsUrg, ThreatCategory, ThreatConfidence, ThreatField, ThreatFirstReportedTime, ThreatId, ThreatIpAddr, ThreatIsActive, ThreatLastReportedTime,
        ThreatName, ThreatOriginalConfidence, ThreatOriginalRiskLevel, ThreatRiskLevel, TimeGenerated, Type, User = DstUsername
};
parser(starttime=starttime, endtime=endtime, srcipaddr_has_any_prefix=srcipaddr_has_any_prefix, dstipaddr_has_any_prefix=dstipaddr_has_any_prefix, ipaddr_has_any_prefix=ipaddr_has_any_prefix, dstportnumber=dstportnumber, hostname_has_any=hostname_has_any, dvcaction=dvcaction, eventresult=eventresult, disabled=disabled)
'''
    version: 2
  }
}

resource vimNetworkSessionWinnetArchive 'Microsoft.OperationalInsights/workspaces/savedSearches@2020-08-01' = if (archiveParsers) {
  parent: workspace
  name: 'vimNetworkSessionWinnetArchive'
  properties: {
    category: 'otelcol-winnet'
    displayName: 'vimNetworkSessionWinnetArchive'
    functionAlias: 'vimNetworkSessionWinnetArchive'
    functionParameters: 'starttime:datetime=datetime(null), endtime:datetime=datetime(null), srcipaddr_has_any_prefix:dynamic=dynamic([]), dstipaddr_has_any_prefix:dynamic=dynamic([]), ipaddr_has_any_prefix:dynamic=dynamic([]), dstportnumber:int=int(null), hostname_has_any:dynamic=dynamic([]), dvcaction:dynamic=dynamic([]), eventresult:string=\'*\', disabled:bool=false'
    query: '''
let parser = (starttime: datetime=datetime(null), endtime: datetime=datetime(null), srcipaddr_has_any_prefix: dynamic=dynamic([]), dstipaddr_has_any_prefix: dynamic=dynamic([]), ipaddr_has_any_prefix: dynamic=dynamic([]), dstportnumber: int=int(null), hostname_has_any: dynamic=dynamic([]), dvcaction: dynamic=dynamic([]), eventresult: string='*', disabled: bool=false) {
    // A row stands for the time from EventStartTime to EventEndTime, and TimeGenerated is not before its start.
    let stored = WinnetNetworkArchive_CL
        | where not(disabled)
        | where (isnull(starttime) or TimeGenerated >= starttime) and (isnull(endtime) or coalesce(EventStartTime, TimeGenerated) <= endtime)
        | where EventVendor == 'Isovalent' and EventProduct == 'Cilium'
        | where (isnull(dstportnumber) or DstPortNumber == dstportnumber) and (array_length(dvcaction) == 0 or DvcAction in (dvcaction))
            and (eventresult == '*' or EventResult == eventresult)
        | extend AdditionalFields = parse_json(AdditionalFields)
    ;
    stored
    // A list has prefixes of IPv4 addresses, and whole addresses of IPv6. All lists that are given must match.
    | extend SourceMatches = has_any_ipv4_prefix(SrcIpAddr, srcipaddr_has_any_prefix) or SrcIpAddr in (srcipaddr_has_any_prefix),
        DestinationMatches = has_any_ipv4_prefix(DstIpAddr, dstipaddr_has_any_prefix) or DstIpAddr in (dstipaddr_has_any_prefix),
        EitherSource = has_any_ipv4_prefix(SrcIpAddr, ipaddr_has_any_prefix) or SrcIpAddr in (ipaddr_has_any_prefix),
        EitherDestination = has_any_ipv4_prefix(DstIpAddr, ipaddr_has_any_prefix) or DstIpAddr in (ipaddr_has_any_prefix)
    | where (array_length(srcipaddr_has_any_prefix) == 0 or SourceMatches) and (array_length(dstipaddr_has_any_prefix) == 0 or DestinationMatches)
        and (array_length(ipaddr_has_any_prefix) == 0 or EitherSource or EitherDestination)
    | extend ASimMatchingIpAddr = case((SourceMatches or EitherSource) and (DestinationMatches or EitherDestination), 'Both', SourceMatches or EitherSource, 'SrcIpAddr',
        DestinationMatches or EitherDestination, 'DstIpAddr', '-')
    | extend SourceMatches = SrcHostname has_any (hostname_has_any), DestinationMatches = DstHostname has_any (hostname_has_any)
    | where array_length(hostname_has_any) == 0 or SourceMatches or DestinationMatches
    | extend ASimMatchingHostname = case(SourceMatches and DestinationMatches, 'Both', SourceMatches, 'SrcHostname', DestinationMatches, 'DstHostname', '-')
    | extend EventStartTime = coalesce(EventStartTime, EventEndTime, TimeGenerated), EventEndTime = coalesce(EventEndTime, EventStartTime, TimeGenerated)
    | where (isnull(starttime) or EventEndTime >= starttime) and (isnull(endtime) or EventStartTime <= endtime)
    | project
        ASimMatchingHostname, ASimMatchingIpAddr, AdditionalFields, Dst = coalesce(DstFQDN, DstHostname, DstIpAddr), DstAppId, DstAppName, DstAppType, DstBytes,
        DstDescription, DstDeviceType, DstDomain, DstDomainType, DstDvcId, DstDvcIdType, DstFQDN, DstGeoCity, DstGeoCountry, DstGeoLatitude, DstGeoLongitude,
        DstGeoRegion, DstHostname, DstInterfaceGuid, DstInterfaceName, DstIpAddr, DstMacAddr, DstNatIpAddr, DstNatPortNumber, DstOriginalUserType, DstPackets,
        DstPortNumber, DstUserId, DstUserIdType, DstUserType, DstUsername, DstUsernameType, DstVlanId, DstZone, Duration = NetworkDuration,
        Dvc = coalesce(Dvc, DvcFQDN, DvcHostname, DvcIpAddr), DvcAction, DvcDescription, DvcDomain, DvcDomainType, DvcFQDN, DvcHostname, DvcId, DvcIdType,
        DvcInboundInterface, DvcInterface = coalesce(DvcInterface, DvcInboundInterface, DvcOutboundInterface), DvcIpAddr, DvcMacAddr, DvcOriginalAction, DvcOs,
        DvcOsVersion, DvcOutboundInterface, DvcZone, EventCount, EventEndTime, EventMessage, EventOriginalResultDetails, EventOriginalSeverity,
        EventOriginalSubType, EventOriginalType, EventOriginalUid, EventProduct, EventProductVersion, EventReportUrl, EventResult, EventResultDetails,
        EventSchema = 'NetworkSession', EventSchemaVersion = coalesce(EventSchemaVersion, '0.2.6'), EventSeverity, EventStartTime, EventSubType, EventType,
        EventUid = _ItemId, EventVendor, Hostname = DstHostname, InnerVlanId = SrcVlanId, IpAddr = SrcIpAddr, NetworkApplicationProtocol, NetworkBytes,
        NetworkConnectionHistory, NetworkDirection, NetworkDuration, NetworkIcmpCode, NetworkIcmpType, NetworkPackets, NetworkProtocol, NetworkProtocolVersion,
        NetworkRuleName, NetworkRuleNumber, NetworkSessionId, OuterVlanId = DstVlanId, Rule = coalesce(NetworkRuleName, tostring(NetworkRuleNumber)),
        SessionId = NetworkSessionId, Src = coalesce(SrcFQDN, SrcHostname, SrcIpAddr), SrcAppId, SrcAppName, SrcAppType, SrcBytes, SrcDescription, SrcDeviceType,
        SrcDomain, SrcDomainType, SrcDvcId, SrcDvcIdType, SrcFQDN, SrcGeoCity, SrcGeoCountry, SrcGeoLatitude, SrcGeoLongitude, SrcGeoRegion, SrcHostname,
        SrcInterfaceGuid, SrcInterfaceName, SrcIpAddr, SrcMacAddr, SrcNatIpAddr, SrcNatPortNumber, SrcOriginalUserType, SrcPackets, SrcPortNumber, SrcUserId,
        SrcUserIdType, SrcUserType, SrcUsername, SrcUsernameType, SrcVlanId, SrcZone, TcpFlagsAck, TcpFlagsFin, TcpFlagsPsh, TcpFlagsRst, TcpFlagsSyn,
        TcpFlagsUrg, ThreatCategory, ThreatConfidence, ThreatField, ThreatFirstReportedTime, ThreatId, ThreatIpAddr, ThreatIsActive, ThreatLastReportedTime,
        ThreatName, ThreatOriginalConfidence, ThreatOriginalRiskLevel, ThreatRiskLevel, TimeGenerated, Type, User = DstUsername
};
parser(starttime=starttime, endtime=endtime, srcipaddr_has_any_prefix=srcipaddr_has_any_prefix, dstipaddr_has_any_prefix=dstipaddr_has_any_prefix, ipaddr_has_any_prefix=ipaddr_has_any_prefix, dstportnumber=dstportnumber, hostname_has_any=hostname_has_any, dvcaction=dvcaction, eventresult=eventresult, disabled=disabled)
'''
    version: 2
  }
}

resource alert1 'Microsoft.SecurityInsights/alertRules@2023-11-01' = if (rules) {
  scope: workspace
  name: 'c3f6e2a9-1b7d-4e58-b0f4-6a8d9c5e3b33'
  kind: 'Scheduled'
  properties: {
    enabled: rulesEnabled
    alertDetailsOverride: {
      alertDescriptionFormat: 'Since {{Since}}: {{Reason}}'
      alertDisplayNameFormat: 'Winnet - {{Component}} on {{Dvc}} sees nothing'
    }
    customDetails: {
      Component: 'Component'
      Reason: 'Reason'
      Since: 'Since'
    }
    description: '''
A receiver of otelcol-winnet sends heartbeats and sees no events: it has no session or map to read, its last event is older than an hour, or the event of its canary does not come. Somebody who turns the source off, and not the collector, looks like this.
One or two runs raise an alert when that begins, and again after each twelve hours.
Needs heartbeat: 5m on the receivers, and canary for the surest of the three signs.
False alarms: a host without traffic for an hour, such as a test server: raise Quiet in the query, or use canary. A server whose DNS role was removed.
'''
    displayName: 'Winnet - collector runs and sees nothing'
    entityMappings: [
      {
        entityType: 'Host'
        fieldMappings: [
          {
            columnName: 'Dvc'
            identifier: 'FullName'
          }
        ]
      }
    ]
    eventGroupingSettings: {
      aggregationKind: 'AlertPerResult'
    }
    incidentConfiguration: {
      createIncident: true
      groupingConfiguration: {
        enabled: true
        groupByAlertDetails: []
        groupByCustomDetails: []
        groupByEntities: []
        lookbackDuration: 'P1D'
        matchingMethod: 'AllEntities'
        reopenClosedIncident: false
      }
    }
    query: '''
let Quiet = 1h;
let Again = 720;
let heartbeats = WinnetStatus_CL
    | where TimeGenerated > ago(1d) and Kind == "heartbeat" and State in ("live", "waiting")
    | summarize arg_max(TimeGenerated, State, AdditionalFields, Message), LastLive = max(iff(State == "live", TimeGenerated, datetime(null))) by Dvc, Component
    | where TimeGenerated > ago(30m)
    | extend LastEvent = todatetime(AdditionalFields.LastEventTime), Started = TimeGenerated - tolong(AdditionalFields.UptimeSeconds) * 1s
    | extend Reason = case(State == "waiting", "no session or map to read", Started > ago(Quiet), "", isnull(LastEvent), "no event since the start",
        LastEvent < TimeGenerated - Quiet, "no event for long", "")
    | where isnotempty(Reason)
    | extend Since = iff(State == "waiting", coalesce(LastLive, Started), iff(LastEvent > Started, LastEvent, Started))
    | project Dvc, Component, Since, From = Since + iff(State == "waiting", 0m, Quiet), Reason, Message;
let canaries = WinnetStatus_CL
    | where TimeGenerated > ago(1d) and Kind == "canary"
    | summarize arg_max(TimeGenerated, State, Message) by Dvc, Component, Object
    | where State == "raised"
    | project Dvc, Component, Since = TimeGenerated, From = TimeGenerated, Reason = strcat("the canary's event does not come: ", Object), Message;
union heartbeats, canaries
// One or two runs see the first half hour, so a state that lasts is no alert at each run.
| where datetime_diff("minute", now(), From) % Again < 30
| summarize Since = min(Since), Reason = strcat_array(make_set(Reason, 5), "; "), Message = take_any(Message) by Dvc, Component
'''
    queryFrequency: 'PT15M'
    queryPeriod: 'P1D'
    severity: 'Medium'
    suppressionDuration: 'PT1H'
    suppressionEnabled: false
    tactics: [
      'DefenseEvasion'
    ]
    techniques: [
      'T1562'
    ]
    triggerOperator: 'GreaterThan'
    triggerThreshold: 0
  }
  dependsOn: [
    statusTable
    aSimDnsWinnet
    aSimNetworkSessionWinnet
    vimDnsWinnet
    vimNetworkSessionWinnet
  ]
}

resource alert2 'Microsoft.SecurityInsights/alertRules@2023-11-01' = if (rules) {
  scope: workspace
  name: '9c5d7e82-6b1f-4a30-b9c4-1e8f2d6a0b77'
  kind: 'Scheduled'
  properties: {
    enabled: rulesEnabled
    alertDetailsOverride: {
      alertDescriptionFormat: 'On {{Dvc}}, such as {{Example}}: {{Reasons}}'
      alertDisplayNameFormat: 'Winnet - {{SrcIpAddr}} was denied at {{Addresses}} addresses and {{Ports}} ports'
    }
    customDetails: {
      Addresses: 'Addresses'
      Ports: 'Ports'
      Reasons: 'Reasons'
      SrcIdentity: 'SrcIdentity'
    }
    description: '''
One source tried many addresses, or many ports, of the pod network within three hours, and Cilium denied or dropped its packets: somebody in a pod looks around.
Three runs look at each row, so a scan that ends gives up to three alerts, and one that lasts gives one each hour. They are grouped into one incident for each source, for a day.
Needs the parsers of the deployment (parameter parsers).
False alarms: a scanner or a monitor that may do so, a peer-to-peer application, and a policy that is new and denies what was allowed. Where a node's own address is the source, a restart of many pods looks like this.
'''
    displayName: 'Winnet - a pod tries many targets and is denied'
    entityMappings: [
      {
        entityType: 'IP'
        fieldMappings: [
          {
            columnName: 'SrcIpAddr'
            identifier: 'Address'
          }
        ]
      }
      {
        entityType: 'Host'
        fieldMappings: [
          {
            columnName: 'Dvc'
            identifier: 'FullName'
          }
        ]
      }
    ]
    eventGroupingSettings: {
      aggregationKind: 'AlertPerResult'
    }
    incidentConfiguration: {
      createIncident: true
      groupingConfiguration: {
        enabled: true
        groupByAlertDetails: []
        groupByCustomDetails: []
        groupByEntities: []
        lookbackDuration: 'P1D'
        matchingMethod: 'AllEntities'
        reopenClosedIncident: false
      }
    }
    query: '''
let MinAddresses = 20;
let MinPorts = 50;
// Three runs look at each row, since it may come an hour after its events, and a scan does not begin with the hour.
// A packet that policy denied has a record of the verdict and one of the drop, which alone has the identity: targets are counted, not records.
vimNetworkSessionWinnet(starttime=ago(3h), dvcaction=dynamic(["Deny", "Drop"]))
| where isnotempty(SrcIpAddr) and isnotempty(DstIpAddr)
| summarize Addresses = dcount(DstIpAddr), Ports = dcount(DstPortNumber), First = min(EventStartTime), Last = max(EventEndTime),
    Reasons = strcat_array(make_set(EventOriginalResultDetails, 5), ", "), Example = take_any(strcat(DstIpAddr, " ", DstPortNumber)),
    SrcIdentity = take_anyif(SrcZone, isnotempty(SrcZone)) by SrcIpAddr, Dvc
| where Addresses >= MinAddresses or Ports >= MinPorts
'''
    queryFrequency: 'PT1H'
    queryPeriod: 'PT3H'
    severity: 'Medium'
    suppressionDuration: 'PT1H'
    suppressionEnabled: false
    tactics: [
      'Discovery'
    ]
    techniques: [
      'T1046'
    ]
    triggerOperator: 'GreaterThan'
    triggerThreshold: 0
  }
  dependsOn: [
    statusTable
    aSimDnsWinnet
    aSimNetworkSessionWinnet
    vimDnsWinnet
    vimNetworkSessionWinnet
  ]
}

resource alert3 'Microsoft.SecurityInsights/alertRules@2023-11-01' = if (rules) {
  scope: workspace
  name: 'f26b8c1d-4e9a-4d73-8b05-9c3e7a1d5f66'
  kind: 'Scheduled'
  properties: {
    enabled: rulesEnabled
    alertDetailsOverride: {
      alertDescriptionFormat: '{{Why}}: {{Object}} {{NewValue}}'
      alertDisplayNameFormat: 'Winnet - {{Operation}} on {{Device}}'
      alertSeverityColumnName: 'AlertSeverity'
    }
    customDetails: {
      NewValue: 'NewValue'
      Object: 'Object'
      Operation: 'Operation'
      Why: 'Why'
    }
    description: '''
The audit log of a DNS server has a change that serves an attacker: a plug-in that the server loads, other forwarders or root hints, a policy of the server, of a zone or of forwarding that was created, changed or deleted, a zone whose signatures were taken away, debug logs or statistics that were cleared, or a log that was turned off.
Needs enable_flags: security on the receiver. Its audit events are rows of ASimAuditEventLogs with profile: asim, and of ASimDnsActivityLogs with profile: windows; both are read.
False alarms: administrators change servers too. Compare ActorUserId with those who may, and the time with your changes. That the server itself, as LocalSystem, sets LogLevel at its start gives no alert.
'''
    displayName: 'Winnet - a change of the DNS server that attackers make'
    entityMappings: [
      {
        entityType: 'Host'
        fieldMappings: [
          {
            columnName: 'Device'
            identifier: 'FullName'
          }
        ]
      }
      {
        entityType: 'Account'
        fieldMappings: [
          {
            columnName: 'ActorUserId'
            identifier: 'Sid'
          }
        ]
      }
    ]
    eventGroupingSettings: {
      aggregationKind: 'AlertPerResult'
    }
    incidentConfiguration: {
      createIncident: true
      groupingConfiguration: {
        enabled: true
        groupByAlertDetails: []
        groupByCustomDetails: []
        groupByEntities: []
        lookbackDuration: 'P1D'
        matchingMethod: 'AllEntities'
        reopenClosedIncident: false
      }
    }
    query: '''
union
  (ASimAuditEventLogs
  | where ingestion_time() > ago(15m)
  | where EventVendor == "Microsoft" and EventProduct == "DNS Server" and isnotempty(EventOriginalUid)
  | project TimeGenerated, Device = coalesce(DvcFQDN, DvcHostname, tostring(AdditionalFields.Dvc)), Operation, Object, NewValue, ActorUserId, ActorUsername, EventOriginalUid),
  (ASimDnsActivityLogs
  | where ingestion_time() > ago(15m)
  | where EventVendor == "Microsoft" and EventProduct == "DNS Server" and tostring(AdditionalFields.DnsRole) == "audit"
  | project TimeGenerated, Device = Dvc, Operation = tostring(AdditionalFields.Operation), Object = tostring(AdditionalFields.Object), NewValue = tostring(AdditionalFields.NewValue),
      ActorUserId = SrcUserId, ActorUsername = SrcUsername, EventOriginalUid)
| extend Why = case(
    Operation == "Server setting" and (Object has "ServerLevelPluginDll" or Object has "plugin"), "the server loads a library",
    Operation in ("Forwarder reset", "Root hints"), "queries go to other servers",
    Operation in ("Create server level policy", "Update server level policy", "Delete server level policy", "Create zone level policy", "Update zone level policy",
        "Delete zone level policy", "Add scope to zone level policy", "Remove scope from zone level policy", "Update scope weight of zone level policy",
        "Create forwarding policy", "Update forwarding policy", "Delete forwarding policy", "Update scope of forwarding policy"), "the server's policies changed",
    Operation == "Zone unsign", "answers of a zone are not signed any more",
    Operation in ("Clear debug logs", "Clear statistics"), "traces were cleared",
    Operation == "Server setting" and Object in ("LogLevel", "EventLogLevel") and NewValue in ("0", "0x0", "0x00000000") and ActorUserId != "S-1-5-18", "a log was turned off", "")
| where isnotempty(Why)
| extend AlertSeverity = iff(Why == "the server loads a library", "High", "Medium")
'''
    queryFrequency: 'PT15M'
    queryPeriod: 'P1D'
    severity: 'Medium'
    suppressionDuration: 'PT1H'
    suppressionEnabled: false
    tactics: [
      'Persistence'
      'CredentialAccess'
      'DefenseEvasion'
    ]
    techniques: [
      'T1505'
      'T1557'
      'T1070'
      'T1562'
    ]
    triggerOperator: 'GreaterThan'
    triggerThreshold: 0
  }
  dependsOn: [
    statusTable
    aSimDnsWinnet
    aSimNetworkSessionWinnet
    vimDnsWinnet
    vimNetworkSessionWinnet
  ]
}

resource alert4 'Microsoft.SecurityInsights/alertRules@2023-11-01' = if (rules) {
  scope: workspace
  name: '7a9e3d50-2f84-4c6b-a1e7-5d0c8b4f6e55'
  kind: 'Scheduled'
  properties: {
    enabled: rulesEnabled
    alertDetailsOverride: {
      alertDescriptionFormat: 'The names have {{MeanLength}} characters on average, such as {{Example}}. Types: {{Types}}'
      alertDisplayNameFormat: 'Winnet - {{SrcIpAddr}} asked for {{Names}} long names below {{Parent}}'
    }
    customDetails: {
      Example: 'Example'
      MeanLength: 'MeanLength'
      Names: 'Names'
      Servers: 'Servers'
      Types: 'Types'
    }
    description: '''
A client asked for 100 different names of 40 characters and more, which look random, below one domain within three hours: data leaves, or commands come, in the names of queries. It is found in volume full, balanced and lean alike, since each name is an item of its own.
Three runs look at each row, so a tunnel that ends gives up to three alerts, and one that lasts gives one each hour. They are grouped into one incident for each client and domain, for a day.
Needs the parsers of the deployment (parameter parsers).
False alarms: reputation lists and content networks that put data into names, such as block lists of mail servers, antivirus look-ups and telemetry. Add their domains to Known in the query, as the alert names them.
'''
    displayName: 'Winnet - many long names below one domain'
    entityMappings: [
      {
        entityType: 'IP'
        fieldMappings: [
          {
            columnName: 'SrcIpAddr'
            identifier: 'Address'
          }
        ]
      }
      {
        entityType: 'DNS'
        fieldMappings: [
          {
            columnName: 'Parent'
            identifier: 'DomainName'
          }
        ]
      }
    ]
    eventGroupingSettings: {
      aggregationKind: 'AlertPerResult'
    }
    incidentConfiguration: {
      createIncident: true
      groupingConfiguration: {
        enabled: true
        groupByAlertDetails: []
        groupByCustomDetails: []
        groupByEntities: []
        lookbackDuration: 'P1D'
        matchingMethod: 'AllEntities'
        reopenClosedIncident: false
      }
    }
    query: '''
let MinNames = 100;
let MinLength = 40;
// Shannon's, in bits per character: hexadecimal, base32 and base64 are above, names that repeat a word are below.
let MinEntropy = 3;
let Known = dynamic(["in-addr.arpa", "ip6.arpa"]);
// What is registered of a name, by its last labels.
let domain = (name: string) {
    let labels = split(tolower(name), ".");
    let n = array_length(labels);
    let kept = iff(n > 2 and strlen(tostring(labels[n - 1])) == 2 and tostring(labels[n - 2]) in ("ac", "co", "com", "edu", "gov", "net", "org"), 3, 2);
    strcat_array(array_slice(labels, iff(n > kept, n - kept, 0), n - 1), ".")
};
// Three runs look at each row, since it may come an hour after its events, and a tunnel does not begin with the hour.
vimDnsWinnet(starttime=ago(3h))
// Volume full has rows for what the server itself asks, and for queries beside their answers.
| where tostring(AdditionalFields.DnsRole) in ("", "client-response")
| where isnotempty(SrcIpAddr) and strlen(DnsQuery) >= MinLength
// The case of a name is the asker's.
| extend Name = tolower(DnsQuery), Parent = domain(DnsQuery)
| where Name != Parent and Parent !in (Known)
| summarize Type = take_any(DnsQueryTypeName), Server = take_any(Dvc), First = min(EventStartTime), Last = max(EventEndTime) by SrcIpAddr, Parent, Name
| mv-apply Letter = extract_all("(.)", substring(Name, 0, strlen(Name) - strlen(Parent) - 1)) to typeof(string) on (
    summarize Times = count() by Letter
    | summarize Sum = sum(Times * log2(Times)), Length = sum(Times)
    | project Entropy = log2(Length) - Sum / Length
)
| summarize Names = count(), Entropy = avg(Entropy), MeanLength = round(avg(strlen(Name)), 0), Types = strcat_array(make_set(Type, 5), ", "), Example = take_any(Name),
    First = min(First), Last = max(Last), Servers = strcat_array(make_set(Server, 5), ", ") by SrcIpAddr, Parent
| where Names >= MinNames and Entropy >= MinEntropy
'''
    queryFrequency: 'PT1H'
    queryPeriod: 'PT3H'
    severity: 'Medium'
    suppressionDuration: 'PT1H'
    suppressionEnabled: false
    tactics: [
      'CommandAndControl'
      'Exfiltration'
    ]
    techniques: [
      'T1071'
      'T1048'
    ]
    triggerOperator: 'GreaterThan'
    triggerThreshold: 0
  }
  dependsOn: [
    statusTable
    aSimDnsWinnet
    aSimNetworkSessionWinnet
    vimDnsWinnet
    vimNetworkSessionWinnet
  ]
}

resource alert5 'Microsoft.SecurityInsights/alertRules@2023-11-01' = if (rules) {
  scope: workspace
  name: 'e81d5f34-7c2a-4b96-9d13-0f5a6b8c7d44'
  kind: 'Scheduled'
  properties: {
    enabled: rulesEnabled
    alertDetailsOverride: {
      alertDescriptionFormat: 'Between {{From}} and {{To}}, by source: {{Sources}}'
      alertDisplayNameFormat: 'Winnet - {{Lost}} events lost on {{Dvc}}'
      alertSeverityColumnName: 'AlertSeverity'
    }
    customDetails: {
      Component: 'Component'
      From: 'From'
      Lost: 'Lost'
      Sources: 'Sources'
      To: 'To'
    }
    description: '''
Events were lost before a receiver of otelcol-winnet, or dropped by it, within the last hour: there is a gap in the evidence. A flood of queries that hides one of them looks like this.
Needs status_records: true on the receivers. The severity is Medium from 1,000 events on.
False alarms: a busy server with buffers or queues that are too small for its load; docs/sizing.md of the project has the figures. Losses of a recorded file are counted when it is read.
'''
    displayName: 'Winnet - events were lost'
    entityMappings: [
      {
        entityType: 'Host'
        fieldMappings: [
          {
            columnName: 'Dvc'
            identifier: 'FullName'
          }
        ]
      }
    ]
    eventGroupingSettings: {
      aggregationKind: 'AlertPerResult'
    }
    incidentConfiguration: {
      createIncident: true
      groupingConfiguration: {
        enabled: true
        groupByAlertDetails: []
        groupByCustomDetails: []
        groupByEntities: []
        lookbackDuration: 'P1D'
        matchingMethod: 'AllEntities'
        reopenClosedIncident: false
      }
    }
    query: '''
let Many = 1000;
WinnetStatus_CL
| where ingestion_time() > ago(1h)
| where Kind == "loss" and EventType == "EventsLost"
| summarize Lost = sum(EventCount), Sources = strcat_array(make_set(Object, 10), ", "), From = min(EventStartTime), To = max(EventEndTime) by Dvc, Component
| extend AlertSeverity = iff(Lost >= Many, "Medium", "Low")
'''
    queryFrequency: 'PT1H'
    queryPeriod: 'P1D'
    severity: 'Low'
    suppressionDuration: 'PT1H'
    suppressionEnabled: false
    tactics: [
      'DefenseEvasion'
    ]
    techniques: [
      'T1562'
    ]
    triggerOperator: 'GreaterThan'
    triggerThreshold: 0
  }
  dependsOn: [
    statusTable
    aSimDnsWinnet
    aSimNetworkSessionWinnet
    vimDnsWinnet
    vimNetworkSessionWinnet
  ]
}

resource alert6 'Microsoft.SecurityInsights/alertRules@2023-11-01' = if (rules) {
  scope: workspace
  name: '5b0c9f0e-6a3d-4c0b-9a55-2f1d8c7e4b11'
  kind: 'Scheduled'
  properties: {
    enabled: rulesEnabled
    alertDetailsOverride: {
      alertDescriptionFormat: 'The last heartbeat came at {{LastHeartbeat}}. It was: {{Message}}'
      alertDisplayNameFormat: 'Winnet - {{Component}} on {{Dvc}} is silent'
      alertSeverityColumnName: 'AlertSeverity'
    }
    customDetails: {
      Component: 'Component'
      LastHeartbeat: 'LastHeartbeat'
      LastState: 'LastState'
      SilentMinutes: 'SilentMinutes'
    }
    description: '''
A receiver of otelcol-winnet sent heartbeats within the last day and sends none any more. What its host resolves, or what its pods do, is not recorded from then on. An attacker who ends the collector looks like this.
One or two runs raise an alert when the silence begins, and again after twelve hours.
The severity is Low if the collector was stopped in order: its last heartbeat has the state stopped.
Needs heartbeat: 5m on the receivers; set Interval in the query to another value of the key.
False alarms: the host was shut down or taken away, the collector is updated, the way to Azure is interrupted for longer than three intervals. A recording that was replayed to its end is left out.
'''
    displayName: 'Winnet - collector is silent'
    entityMappings: [
      {
        entityType: 'Host'
        fieldMappings: [
          {
            columnName: 'Dvc'
            identifier: 'FullName'
          }
        ]
      }
    ]
    eventGroupingSettings: {
      aggregationKind: 'AlertPerResult'
    }
    incidentConfiguration: {
      createIncident: true
      groupingConfiguration: {
        enabled: true
        groupByAlertDetails: []
        groupByCustomDetails: []
        groupByEntities: []
        lookbackDuration: 'P1D'
        matchingMethod: 'AllEntities'
        reopenClosedIncident: false
      }
    }
    query: '''
let Interval = 5m;
let Again = 720;
WinnetStatus_CL
| where TimeGenerated > ago(1d) and Kind == "heartbeat"
| summarize arg_max(TimeGenerated, State, Message, Version), Live = countif(State in ("live", "waiting")) by Dvc, Component
| where Live > 0 and TimeGenerated <= ago(3 * Interval)
| extend Over = datetime_diff("minute", now(), TimeGenerated + 3 * Interval)
// One or two runs see the first half hour, so a state that lasts is no alert at each run.
| where Over % Again < 30
| project Dvc, Component, LastHeartbeat = TimeGenerated, SilentMinutes = datetime_diff("minute", now(), TimeGenerated), LastState = State, Message, Version,
    AlertSeverity = iff(State == "stopped", "Low", "Medium")
'''
    queryFrequency: 'PT15M'
    queryPeriod: 'P1D'
    severity: 'Medium'
    suppressionDuration: 'PT1H'
    suppressionEnabled: false
    tactics: [
      'DefenseEvasion'
    ]
    techniques: [
      'T1562'
    ]
    triggerOperator: 'GreaterThan'
    triggerThreshold: 0
  }
  dependsOn: [
    statusTable
    aSimDnsWinnet
    aSimNetworkSessionWinnet
    vimDnsWinnet
    vimNetworkSessionWinnet
  ]
}

resource alert7 'Microsoft.SecurityInsights/alertRules@2023-11-01' = if (rules) {
  scope: workspace
  name: '0d4a1c7b-93c8-4f0e-8c6a-7d2b5e9f1a22'
  kind: 'Scheduled'
  properties: {
    enabled: rulesEnabled
    alertDetailsOverride: {
      alertDescriptionFormat: '{{Component}}: {{Message}}'
      alertDisplayNameFormat: 'Winnet - {{Change}} on {{Dvc}}'
      alertSeverityColumnName: 'AlertSeverity'
    }
    customDetails: {
      Change: 'Change'
      ChangedObject: 'ChangedObject'
      Component: 'Component'
    }
    description: '''
A receiver of otelcol-winnet saw that somebody else stopped or changed its ETW session, disabled or changed a provider, or replaced a map of Cilium, its pin or its configuration. Each change gives one alert, also one that was undone at once.
Needs status_records: true on the receivers.
False alarms: an administrator who runs logman or wevtutil against the session, and a restart or an update of Cilium (MapReplaced, ConfigurationMapReplaced).
'''
    displayName: 'Winnet - somebody changed what the collector reads'
    entityMappings: [
      {
        entityType: 'Host'
        fieldMappings: [
          {
            columnName: 'Dvc'
            identifier: 'FullName'
          }
        ]
      }
    ]
    eventGroupingSettings: {
      aggregationKind: 'AlertPerResult'
    }
    incidentConfiguration: {
      createIncident: true
      groupingConfiguration: {
        enabled: true
        groupByAlertDetails: []
        groupByCustomDetails: []
        groupByEntities: []
        lookbackDuration: 'P1D'
        matchingMethod: 'AllEntities'
        reopenClosedIncident: false
      }
    }
    query: '''
// The time of arrival finds each record once, also a late one.
WinnetStatus_CL
| where ingestion_time() > ago(15m)
| where Kind == "security" and State == "raised"
| project TimeGenerated, Dvc, Component, Change = EventType, ChangedObject = Object, Message, Version,
    AlertSeverity = iff(EventType in ("MapReplaced", "ConfigurationMapReplaced"), "Low", "High")
'''
    queryFrequency: 'PT15M'
    queryPeriod: 'P1D'
    severity: 'High'
    suppressionDuration: 'PT1H'
    suppressionEnabled: false
    tactics: [
      'DefenseEvasion'
    ]
    techniques: [
      'T1562'
    ]
    triggerOperator: 'GreaterThan'
    triggerThreshold: 0
  }
  dependsOn: [
    statusTable
    aSimDnsWinnet
    aSimNetworkSessionWinnet
    vimDnsWinnet
    vimNetworkSessionWinnet
  ]
}

resource book 'Microsoft.Insights/workbooks@2023-06-01' = if (workbook) {
  name: guid(workspace.id, 'winnet-overview')
  location: location
  kind: 'shared'
  properties: {
    displayName: 'DNS and pod traffic of Windows (otelcol-winnet)'
    category: 'sentinel'
    version: 'Notebook/1.0'
    sourceId: workspace.id
    serializedData: '''
{"version":"Notebook/1.0","items":[{"type":1,"content":{"json":"## DNS and pod traffic of Windows, by otelcol-winnet\n\nRows, bytes, clients, failures, and the collectors themselves. Status needs `heartbeat: 5m` and `status_records: true` on the receivers; the parsers are part of the deployment. No query of this workbook was run on Azure: their names and types are checked."},"name":"about"},{"type":9,"content":{"version":"KqlParameterItem/1.0","parameters":[{"id":"0f2b6c1e-5a8d-4f3b-9d60-1c7e4a2b8f01","version":"KqlParameterItem/1.0","name":"TimeRange","label":"Time","type":4,"isRequired":true,"value":{"durationMs":86400000},"typeSettings":{"selectableValues":[{"durationMs":3600000},{"durationMs":14400000},{"durationMs":43200000},{"durationMs":86400000},{"durationMs":259200000},{"durationMs":604800000},{"durationMs":2592000000}],"allowCustom":true}},{"id":"0f2b6c1e-5a8d-4f3b-9d60-1c7e4a2b8f02","version":"KqlParameterItem/1.0","name":"AnalyticsPrice","label":"Price of a GB, plan Analytics","type":1,"isRequired":false,"value":""},{"id":"0f2b6c1e-5a8d-4f3b-9d60-1c7e4a2b8f03","version":"KqlParameterItem/1.0","name":"AuxiliaryPrice","label":"Price of a GB, plan Auxiliary","type":1,"isRequired":false,"value":""}],"style":"pills","queryType":0,"resourceType":"microsoft.operationalinsights/workspaces"},"name":"parameters"},{"type":1,"content":{"json":"### Volume and cost"},"name":"volume"},{"type":3,"content":{"version":"KqlItem/1.0","query":"union isfuzzy=true\n    (ASimDnsActivityLogs | where strlen(EventOriginalUid) == 32 | extend Device = Dvc),\n    (ASimNetworkSessionLogs | where EventVendor == \"Isovalent\" | extend Device = Dvc),\n    (ASimAuditEventLogs | where EventProduct == \"DNS Server\" | extend Device = coalesce(DvcFQDN, DvcHostname)),\n    (WinnetStatus_CL | extend Device = Dvc)\n| summarize Rows = count() by Table = Type, Hour = bin(TimeGenerated, 1h)","size":0,"title":"Rows by table and hour","timeContextFromParameter":"TimeRange","queryType":0,"resourceType":"microsoft.operationalinsights/workspaces","visualization":"timechart"},"customWidth":"50","name":"rows"},{"type":3,"content":{"version":"KqlItem/1.0","query":"union isfuzzy=true\n    (ASimDnsActivityLogs | where strlen(EventOriginalUid) == 32 | extend Device = Dvc),\n    (ASimNetworkSessionLogs | where EventVendor == \"Isovalent\" | extend Device = Dvc),\n    (ASimAuditEventLogs | where EventProduct == \"DNS Server\" | extend Device = coalesce(DvcFQDN, DvcHostname)),\n    (WinnetStatus_CL | extend Device = Dvc)\n| where _IsBillable == \"true\"\n| summarize MB = round(sum(_BilledSize) / 1e6, 1), Rows = count() by Device, Table = Type\n| order by MB desc","size":0,"title":"Billed MB by host and table","timeContextFromParameter":"TimeRange","queryType":0,"resourceType":"microsoft.operationalinsights/workspaces","visualization":"table"},"customWidth":"50","name":"bytes"},{"type":3,"content":{"version":"KqlItem/1.0","query":"let Ours = dynamic([\"ASimDnsActivityLogs\", \"ASimNetworkSessionLogs\", \"ASimAuditEventLogs\", \"WinnetStatus_CL\", \"WinnetDnsArchive_CL\", \"WinnetNetworkArchive_CL\"]);\nlet Analytics = todouble(\"{AnalyticsPrice}\");\nlet Auxiliary = todouble(\"{AuxiliaryPrice}\");\nUsage\n| where DataType in (Ours) and IsBillable\n| summarize GB = round(sum(Quantity) / 1000, 3) by Table = DataType, Day = startofday(StartTime)\n| extend Cost = round(GB * iff(Table has \"Archive\", Auxiliary, Analytics), 2)\n| order by Day desc, GB desc","size":0,"title":"GB and cost by table and day, by Azure's own account. A price that is not given is no cost.","timeContextFromParameter":"TimeRange","queryType":0,"resourceType":"microsoft.operationalinsights/workspaces","visualization":"table"},"customWidth":"100","name":"cost"},{"type":3,"content":{"version":"KqlItem/1.0","query":"union isfuzzy=true\n    (ASimDnsActivityLogs | where strlen(EventOriginalUid) == 32 | extend Device = Dvc),\n    (ASimNetworkSessionLogs | where EventVendor == \"Isovalent\" | extend Device = Dvc),\n    (ASimAuditEventLogs | where EventProduct == \"DNS Server\" | extend Device = coalesce(DvcFQDN, DvcHostname)),\n    (WinnetStatus_CL | extend Device = Dvc)\n| extend Seconds = (ingestion_time() - coalesce(EventEndTime, TimeGenerated)) / 1s\n| summarize Median = percentile(Seconds, 50), P95 = percentile(Seconds, 95) by Hour = bin(TimeGenerated, 1h)","size":0,"title":"Seconds from an event to its row","timeContextFromParameter":"TimeRange","queryType":0,"resourceType":"microsoft.operationalinsights/workspaces","visualization":"timechart"},"customWidth":"100","name":"delay"},{"type":1,"content":{"json":"### DNS"},"name":"dns"},{"type":3,"content":{"version":"KqlItem/1.0","query":"vimDnsWinnet()\n| where tostring(AdditionalFields.DnsRole) in (\"\", \"client-response\")\n| where isnotempty(SrcIpAddr)\n| summarize Exchanges = sum(EventCount), Names = dcount(DnsQuery), Failures = sumif(EventCount, EventResult == \"Failure\"), Last = max(EventEndTime) by SrcIpAddr\n| top 20 by Exchanges","size":0,"title":"Clients with most exchanges","timeContextFromParameter":"TimeRange","queryType":0,"resourceType":"microsoft.operationalinsights/workspaces","visualization":"table"},"customWidth":"50","name":"clients"},{"type":3,"content":{"version":"KqlItem/1.0","query":"vimDnsWinnet()\n| where tostring(AdditionalFields.DnsRole) in (\"\", \"client-response\")\n| where EventResult == \"Failure\"\n| summarize Failures = sum(EventCount) by EventResultDetails\n| order by Failures desc","size":0,"title":"Failures by result","timeContextFromParameter":"TimeRange","queryType":0,"resourceType":"microsoft.operationalinsights/workspaces","visualization":"piechart"},"customWidth":"50","name":"results"},{"type":3,"content":{"version":"KqlItem/1.0","query":"vimDnsWinnet(responsecodename=\"NXDOMAIN\")\n| where tostring(AdditionalFields.DnsRole) in (\"\", \"client-response\")\n| summarize Answers = sum(EventCount), Names = dcount(DnsQuery), Example = take_any(DnsQuery) by SrcIpAddr\n| top 20 by Answers","size":0,"title":"Names that do not exist, by client","timeContextFromParameter":"TimeRange","queryType":0,"resourceType":"microsoft.operationalinsights/workspaces","visualization":"table"},"customWidth":"50","name":"missing"},{"type":3,"content":{"version":"KqlItem/1.0","query":"vimDnsWinnet()\n| where tostring(AdditionalFields.DnsRole) in (\"\", \"client-response\")\n| summarize Exchanges = sum(EventCount) by DnsQueryTypeName, Hour = bin(EventStartTime, 1h)","size":0,"title":"Exchanges by type and hour","timeContextFromParameter":"TimeRange","queryType":0,"resourceType":"microsoft.operationalinsights/workspaces","visualization":"timechart"},"customWidth":"50","name":"types"},{"type":1,"content":{"json":"### Pods"},"name":"pods"},{"type":3,"content":{"version":"KqlItem/1.0","query":"vimNetworkSessionWinnet(dvcaction=dynamic([\"Deny\", \"Drop\"]))\n| summarize Records = sum(EventCount), Targets = dcount(strcat(DstIpAddr, \" \", DstPortNumber)), Reasons = strcat_array(make_set(EventOriginalResultDetails, 5), \", \"), Last = max(EventEndTime) by SrcIpAddr, SrcZone, Dvc\n| top 20 by Records","size":0,"title":"What policy denied","timeContextFromParameter":"TimeRange","queryType":0,"resourceType":"microsoft.operationalinsights/workspaces","visualization":"table"},"customWidth":"50","name":"denied"},{"type":3,"content":{"version":"KqlItem/1.0","query":"vimNetworkSessionWinnet(dvcaction=dynamic([\"Allow\"]))\n| where tostring(AdditionalFields[\"cilium.packet.primary\"]) == \"true\"\n| summarize MB = round(sum(coalesce(NetworkBytes, SrcBytes)) / 1e6, 2), Last = max(EventEndTime) by SrcIpAddr, DstIpAddr, DstPortNumber\n| top 20 by MB","size":0,"title":"Bytes by source and destination. A packet that passes several points counts once.","timeContextFromParameter":"TimeRange","queryType":0,"resourceType":"microsoft.operationalinsights/workspaces","visualization":"table"},"customWidth":"50","name":"talkers"},{"type":1,"content":{"json":"### The collectors"},"name":"collectors"},{"type":3,"content":{"version":"KqlItem/1.0","query":"WinnetStatus_CL\n| where Kind == \"heartbeat\"\n| summarize arg_max(TimeGenerated, State, Message, Version) by Dvc, Component\n| where TimeGenerated < ago(15m)\n| project Dvc, Component, LastHeartbeat = TimeGenerated, LastState = State, Message, Version\n| order by LastHeartbeat asc","size":0,"title":"Silent collectors: no heartbeat for 15 minutes","timeContextFromParameter":"TimeRange","queryType":0,"resourceType":"microsoft.operationalinsights/workspaces","noDataMessage":"Every collector that sent a heartbeat within the time still does.","visualization":"table"},"customWidth":"50","name":"silent"},{"type":3,"content":{"version":"KqlItem/1.0","query":"WinnetStatus_CL\n| where Kind == \"heartbeat\"\n| summarize arg_max(TimeGenerated, State, Received, Emitted, Filtered, Aggregated, Undecodable, Dropped, KernelLost, Pending, Version) by Dvc, Component\n| project Dvc, Component, State, Received, Emitted, Filtered, Aggregated, Undecodable, Dropped, KernelLost, Pending, Version, TimeGenerated\n| order by Dropped + KernelLost desc","size":0,"title":"What the collectors say of themselves: the last heartbeat","timeContextFromParameter":"TimeRange","queryType":0,"resourceType":"microsoft.operationalinsights/workspaces","visualization":"table"},"customWidth":"50","name":"account"},{"type":3,"content":{"version":"KqlItem/1.0","query":"WinnetStatus_CL\n| where Kind == \"loss\" and EventType == \"EventsLost\"\n| summarize Lost = sum(EventCount) by Where = strcat(Dvc, \" \", Object), Hour = bin(TimeGenerated, 1h)","size":0,"title":"Lost events by host and source","timeContextFromParameter":"TimeRange","queryType":0,"resourceType":"microsoft.operationalinsights/workspaces","noDataMessage":"No event was lost within the time, as far as status_records says it.","visualization":"timechart"},"customWidth":"50","name":"loss"},{"type":3,"content":{"version":"KqlItem/1.0","query":"WinnetStatus_CL\n| where Kind in (\"security\", \"canary\") and State == \"raised\"\n| project TimeGenerated, Dvc, Component, EventType, Object, Message, EventSeverity\n| order by TimeGenerated desc","size":0,"title":"Changes by others","timeContextFromParameter":"TimeRange","queryType":0,"resourceType":"microsoft.operationalinsights/workspaces","noDataMessage":"Nobody changed what the collectors read.","visualization":"table"},"customWidth":"50","name":"tampering"}],"fallbackResourceIds":[],"fromTemplateId":"winnet-overview","$schema":"https://github.com/Microsoft/Application-Insights-Workbooks/blob/master/schema/workbook.json"}
'''
  }
}

resource endpoint 'Microsoft.Insights/dataCollectionEndpoints@2023-03-11' = if (privateLink) {
  name: endpointName
  location: location
  properties: {
    networkAcls: {
      publicNetworkAccess: 'Disabled'
    }
  }
}

resource rule 'Microsoft.Insights/dataCollectionRules@2023-03-11' = {
  name: ruleName
  location: location
  kind: 'Direct'
  properties: {
    description: 'Records of otelcol-winnet'
    dataCollectionEndpointId: privateLink ? endpoint.id : null
    streamDeclarations: union(streams, audit ? auditStreams : {}, archive ? archiveStreams : {})
    destinations: {
      logAnalytics: [
        {
          name: 'workspace'
          workspaceResourceId: workspace.id
        }
      ]
    }
    dataFlows: concat(flows, audit ? auditFlows : [], archive ? archiveFlows : [])
  }
  dependsOn: [
    statusTable
    dnsArchive
    networkArchive
  ]
}

resource publisher 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(principalId)) {
  scope: rule
  name: guid(rule.id, principalId, roleId)
  properties: {
    principalId: principalId
    principalType: principalType
    roleDefinitionId: roleId
  }
}

@description('The value for the key rule_id of the exporter.')
output immutableId string = rule.properties.immutableId

@description('The value for the key endpoint of the exporter.')
output logsIngestionEndpoint string = privateLink ? endpoint!.properties.logsIngestion.endpoint : (rule.properties.endpoints.logsIngestion)

@description('The resource id of the rule, for further role assignments.')
output ruleResourceId string = rule.id

@description('The resource id of the data collection endpoint, for the private link scope. Empty without privateLink.')
output endpointResourceId string = privateLink ? endpoint.id : ''
