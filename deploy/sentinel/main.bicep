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
