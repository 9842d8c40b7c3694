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
    query: 'let text = (value: dynamic, texts: dynamic) { case(gettype(value) != "long", tostring(value), tolong(value) == 0, "", tostring(texts[toint(value) - 1])) }; let rows = ASimDnsActivityLogs | where (isnull(starttime) or TimeGenerated >= starttime) and (isnull(endtime) or EventStartTime <= endtime); let unpacked = rows | where isnotnull(AdditionalFields.Sums) | extend Sums = AdditionalFields.Sums, Texts = AdditionalFields.SumsTexts, Base = bin(EventStartTime, 1ms) | mv-expand Group = Sums | extend Ends = series_iir(Group[4], dynamic([1]), dynamic([1, -1])), Items = Group[5], Columns = Group[6] | mv-expand Ends to typeof(real), Items | extend Own = Items[array_length(Items) - 1], Count = coalesce(tolong(Items[4]), 1), Duration = coalesce(tolong(Items[3]), 0) | extend Own = iff(gettype(Own) == "dictionary", Own, dynamic({})), Suffix = text(Group[2], Texts) | extend N5 = coalesce(tolong(Items[5]), 0), N6 = coalesce(tolong(Items[6]), 0), N7 = coalesce(tolong(Items[7]), 0), N8 = coalesce(tolong(Items[8]), 0), N9 = coalesce(tolong(Items[9]), 0), N10 = coalesce(tolong(Items[10]), 0), N11 = coalesce(tolong(Items[11]), 0) | extend Answers = iff(gettype(Items[2]) == "array", Items[2], pack_array(Items[2])) | mv-apply Answer = Answers on (summarize DnsAnswers = make_list_if(text(Answer, Texts), isnotempty(text(Answer, Texts)))) | extend EventStartTime = Base + Ends * 1ms | extend EventEndTime = EventStartTime + iff(Duration > 0, Duration, 0) * 1ms + iff(Count > 1, iff(N5 > 0, N5, 0) + N9, N7) * 1ms | extend DnsQuery = strcat(text(Items[0], Texts), iff(isempty(Suffix), "", strcat(".", Suffix))), DnsQueryTypeName = text(Items[1], Texts), EventResultDetails = text(Group[0], Texts), DnsFlags = text(Group[1], Texts), EventCount = toint(iff(Count > 1, Count, 1)), DnsNetworkDuration = iff(Duration < 0, int(null), toint(Duration)), DnsResponseName = strcat_array(DnsAnswers, ";"), TimeGenerated = EventEndTime, SrcPortNumber = iff(Count < 2 and N5 > 0, toint(N5), int(null)), TransactionIdHex = iff(Count < 2 and N6 > 0, tohex(N6 - 1, 4), ""), EventOriginalUid = "" | extend EventResult = coalesce(tostring(Columns.EventResult), case(EventResultDetails == "NA", "NA", EventResultDetails == "NOERROR", "Success", "Failure")) | extend AdditionalFields = bag_merge(iff(gettype(Group[3].Zone) == "long", bag_pack("Zone", Suffix), dynamic({})), bag_remove_keys(AdditionalFields, dynamic(["Sums", "SumsTexts"])), iff(gettype(Group[3]) == "dictionary", Group[3], dynamic({})), Own, iff(array_length(DnsAnswers) > 0, bag_pack("DnsAnswers", DnsAnswers), dynamic({})), iff(Count == 0, bag_pack("New", true), dynamic({})), iff(isnull(Columns), dynamic({}), bag_remove_keys(Columns, dynamic(["EventResult"]))), iff(Count > 1 and Duration >= 0, bag_pack("DnsNetworkDurationMin", Duration - N7, "DnsNetworkDurationMax", Duration + N8), dynamic({})), iff(Count > 1 and N5 >= 0, bag_pack("GapSum", N5), dynamic({})), iff(Count > 1 and N6 >= 0, bag_pack("GapSquareSum", iff(Count == 2 and N6 == 0, N5 * N5, N6)), dynamic({})), iff(N10 > 0, bag_pack("RecursionExchanges", N10, "RecursionCount", N11), dynamic({}))) | project-away Sums, Texts, Base, Group, Ends, Items, Columns, Own, Count, Duration, Suffix, N5, N6, N7, N8, N9, N10, N11, Answers, DnsAnswers; union (rows | where isnull(AdditionalFields.Sums)), unpacked | where (isnull(starttime) or EventEndTime >= starttime) and (isnull(endtime) or EventStartTime <= endtime)'
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
    let traces = union isfuzzy=true (datatable(TimeGenerated: datetime, Properties: dynamic) []), AppTraces
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
            DnsNetworkDuration = iff(Duration < 0, int(null), toint(Duration)), DnsResponseName = strcat_array(DnsAnswers, ";"), TimeGenerated = EventEndTime,
            SrcPortNumber = iff(Count < 2 and N5 > 0, toint(N5), int(null)), TransactionIdHex = iff(Count < 2 and N6 > 0, tohex(N6 - 1, 4), ""), EventOriginalUid = ""
        | extend EventResult = coalesce(tostring(Columns.EventResult), case(EventResultDetails == "NA", "NA", EventResultDetails == "NOERROR", "Success", "Failure"))
        | extend AdditionalFields = bag_merge(iff(gettype(Group[3].Zone) == "long", bag_pack("Zone", Suffix), dynamic({})), bag_remove_keys(AdditionalFields, dynamic(["Sums", "SumsTexts"])), iff(gettype(Group[3]) == "dictionary", Group[3], dynamic({})), Own,
            iff(array_length(DnsAnswers) > 0, bag_pack("DnsAnswers", DnsAnswers), dynamic({})), iff(Count == 0, bag_pack("New", true), dynamic({})),
            iff(isnull(Columns), dynamic({}), bag_remove_keys(Columns, dynamic(["EventResult"]))),
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
    let traces = union isfuzzy=true (datatable(TimeGenerated: datetime, Properties: dynamic) []), AppTraces
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
