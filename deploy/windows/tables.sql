-- SPDX-License-Identifier: Apache-2.0
-- What otelcol-winnet.wxs cannot say, because wixl does not know it. msi.sh carries out one statement a line, with VERSION and what is between two @ replaced.

-- 256: 64-bit.
UPDATE `Component` SET `Attributes`=256

-- The variable is that of the installer's service, which is of the host's kind.
INSERT INTO `LaunchCondition` (`Condition`,`Description`) VALUES ('Installed OR %PROCESSOR_ARCHITECTURE@HOSTS@"ARM64"','This package is for @ARCH@. Take the one for this host: otelcol-winnet-[ProductVersion]-windows-@OTHER@.msi.')

-- The old version is removed within the transaction, so that a failed upgrade brings it back.
UPDATE `InstallExecuteSequence` SET `Sequence`=1501 WHERE `Action`='RemoveExistingProducts'
-- 513: another build of the same version is upgraded as well; features migrate.
DELETE FROM `Upgrade` WHERE `ActionProperty`='WIX_UPGRADE_DETECTED'
INSERT INTO `Upgrade` (`UpgradeCode`,`VersionMax`,`Attributes`,`ActionProperty`) VALUES ('{7D6C1F0B-2C0E-4C57-9F0E-6B1C8A3E51D4}','VERSION',513,'WIX_UPGRADE_DETECTED')

-- An upgrade keeps the service. One that is deleted while a program has it open, such as services.msc, can be made again only after that.
UPDATE `InstallExecuteSequence` SET `Condition`='VersionNT AND NOT UPGRADINGPRODUCTCODE' WHERE `Action`='DeleteServices'

-- Go reads GOMEMLIMIT before the program's first line, so the environment file comes too late. [~] separates the strings of a REG_MULTI_SZ.
-- The service's key exists when the values are written: after InstallServices.
INSERT INTO `Registry` (`Registry`,`Root`,`Key`,`Name`,`Value`,`Component_`) VALUES ('Environment',2,'SYSTEM\CurrentControlSet\Services\otelcol-winnet','Environment','[~]GOMEMLIMIT=640MiB[~]','Program')
INSERT INTO `Registry` (`Registry`,`Root`,`Key`,`Name`,`Value`,`Component_`) VALUES ('EventSource',2,'SYSTEM\CurrentControlSet\Services\EventLog\Application\otelcol-winnet','EventMessageFile','#%%SystemRoot%\System32\EventCreate.exe','Program')
INSERT INTO `Registry` (`Registry`,`Root`,`Key`,`Name`,`Value`,`Component_`) VALUES ('EventTypes',2,'SYSTEM\CurrentControlSet\Services\EventLog\Application\otelcol-winnet','TypesSupported','#7','Program')
INSERT INTO `InstallExecuteSequence` (`Action`,`Sequence`) VALUES ('RemoveRegistryValues',2600)
INSERT INTO `InstallExecuteSequence` (`Action`,`Sequence`) VALUES ('WriteRegistryValues',5810)

-- Windows Installer 5 carries out MsiServiceConfig and MsiServiceConfigFailureActions.
INSERT INTO `InstallExecuteSequence` (`Action`,`Condition`,`Sequence`) VALUES ('MsiConfigureServices','VersionMsi >= "5.00"',5850)

-- All settings reach the elevated part of the installer, and so does what AppSearch found: when the user's part has searched, the elevated one tests
-- the launch conditions again without a search of its own. Its log shows neither the connection string nor the command line that has it, nor the path of a secret's file: it may be the secret itself.
UPDATE `Property` SET `Value`='WIX_DOWNGRADE_DETECTED;SERVICEACCOUNT;WINDOWSBUILD;WIX_UPGRADE_DETECTED;SOURCES;AUTOLOGGER;HEALTH_PORT;METRICS_PORT;APPLICATIONINSIGHTS_CONNECTION_STRING;APPLICATIONINSIGHTS_CONNECTION_STRING_FILE;AZURE_DCE_ENDPOINT;AZURE_DCR_ID;AZURE_TENANT_ID;AZURE_CLIENT_ID;AZURE_CLIENT_SECRET_FILE' WHERE `Property`='SecureCustomProperties'
INSERT INTO `Property` (`Property`,`Value`) VALUES ('MsiHiddenProperties','APPLICATIONINSIGHTS_CONNECTION_STRING;APPLICATIONINSIGHTS_CONNECTION_STRING_FILE;AZURE_CLIENT_SECRET_FILE;SETTINGS1;SETTINGS2;Check;Setup')

-- The program's own part. 2: a program in this package, because the installed one is not there yet or no longer, or, in the change of an installed version, not marked for installation (error 2753); 51: a property, because a command line has at most 255 characters here; 64: its failure is none;
-- 256: for the rollback; 512: for the commit; 1024: deferred; 2048: as SYSTEM; 8192: its command line is not in the log.
INSERT INTO `CustomAction` (`Action`,`Type`,`Source`,`Target`) VALUES ('SetSettings1',8243,'SETTINGS1','--set "SOURCES=[SOURCES]" --set "AUTOLOGGER=[AUTOLOGGER]" --set "APPLICATIONINSIGHTS_CONNECTION_STRING=[APPLICATIONINSIGHTS_CONNECTION_STRING]"')
INSERT INTO `CustomAction` (`Action`,`Type`,`Source`,`Target`) VALUES ('SetSettings2',8243,'SETTINGS2','--set "APPLICATIONINSIGHTS_CONNECTION_STRING_FILE=[APPLICATIONINSIGHTS_CONNECTION_STRING_FILE]" --set "AZURE_CLIENT_SECRET_FILE=[AZURE_CLIENT_SECRET_FILE]" --set "HEALTH_PORT=[HEALTH_PORT]" --set "METRICS_PORT=[METRICS_PORT]"')
INSERT INTO `CustomAction` (`Action`,`Type`,`Source`,`Target`) VALUES ('SetSettings3',51,'SETTINGS3','--set "AZURE_DCE_ENDPOINT=[AZURE_DCE_ENDPOINT]" --set "AZURE_DCR_ID=[AZURE_DCR_ID]" --set "AZURE_TENANT_ID=[AZURE_TENANT_ID]" --set "AZURE_CLIENT_ID=[AZURE_CLIENT_ID]"')
INSERT INTO `CustomAction` (`Action`,`Type`,`Source`,`Target`) VALUES ('Check',8194,'Setup','check --data "[DataFolder]." --user "[UserSID]" [SETTINGS1] [SETTINGS2] [SETTINGS3]')
INSERT INTO `CustomAction` (`Action`,`Type`,`Source`,`Target`) VALUES ('SetupRollback',3330,'Setup','rollback --data "[DataFolder]."')
INSERT INTO `CustomAction` (`Action`,`Type`,`Source`,`Target`) VALUES ('Setup',11266,'Setup','apply --data "[DataFolder]." --default "[#DefaultConfig]" --account "[SERVICEACCOUNT]" --user "[UserSID]" [SETTINGS1] [SETTINGS2] [SETTINGS3]')
INSERT INTO `CustomAction` (`Action`,`Type`,`Source`,`Target`) VALUES ('SetupCommit',3650,'Setup','commit --data "[DataFolder]."')
INSERT INTO `CustomAction` (`Action`,`Type`,`Source`,`Target`) VALUES ('SetupRemove',3138,'Setup','remove')
INSERT INTO `CustomAction` (`Action`,`Type`,`Source`,`Target`) VALUES ('SetupRemoveRollback',3330,'Setup','autologgers --data "[DataFolder]."')
-- For other settings of the version that is installed, Windows Installer starts nothing again.
INSERT INTO `CustomAction` (`Action`,`Type`,`Source`,`Target`) VALUES ('SetupRestart',3074,'Setup','restart --data "[DataFolder]."')
-- The settings are checked before RemoveExistingProducts, so that a wrong one leaves the old version as it is.
INSERT INTO `InstallExecuteSequence` (`Action`,`Condition`,`Sequence`) VALUES ('SetSettings1','NOT REMOVE~="ALL"',1401)
INSERT INTO `InstallExecuteSequence` (`Action`,`Condition`,`Sequence`) VALUES ('SetSettings2','NOT REMOVE~="ALL"',1402)
INSERT INTO `InstallExecuteSequence` (`Action`,`Condition`,`Sequence`) VALUES ('SetSettings3','NOT REMOVE~="ALL"',1403)
INSERT INTO `InstallExecuteSequence` (`Action`,`Condition`,`Sequence`) VALUES ('Check','NOT REMOVE~="ALL"',1404)
INSERT INTO `InstallExecuteSequence` (`Action`,`Condition`,`Sequence`) VALUES ('SetupRemoveRollback','REMOVE~="ALL" AND NOT UPGRADINGPRODUCTCODE',3390)
INSERT INTO `InstallExecuteSequence` (`Action`,`Condition`,`Sequence`) VALUES ('SetupRemove','REMOVE~="ALL" AND NOT UPGRADINGPRODUCTCODE',3400)
INSERT INTO `InstallExecuteSequence` (`Action`,`Condition`,`Sequence`) VALUES ('SetupRollback','NOT REMOVE~="ALL"',4010)
INSERT INTO `InstallExecuteSequence` (`Action`,`Condition`,`Sequence`) VALUES ('Setup','NOT REMOVE~="ALL"',4020)
INSERT INTO `InstallExecuteSequence` (`Action`,`Condition`,`Sequence`) VALUES ('SetupCommit','NOT REMOVE~="ALL"',4030)
INSERT INTO `InstallExecuteSequence` (`Action`,`Condition`,`Sequence`) VALUES ('SetupRestart','Installed AND NOT REMOVE~="ALL" AND NOT REINSTALL',5950)
