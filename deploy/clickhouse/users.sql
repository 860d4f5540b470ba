-- A user for each role, with the rights that it uses and no other. May be run again: it then sets the passwords anew.
-- {{…_sha256}}: SHA-256 of the password in hex; create-users.sh fills them in from files. On a cluster, run it on every
-- server, or with ON CLUSTER; and grant lachan_admin CLUSTER, as the last line says.
--
-- No user is `readonly = 1`: Lachan sets time limits and the settings of exactly-once with each request, which that forbids.
-- Materialised views run with the rights of the user who made them (SQL SECURITY DEFINER, the default): lachan_admin.
-- Dropping that user would stop landing.

CREATE DATABASE IF NOT EXISTS lachan;

CREATE SETTINGS PROFILE IF NOT EXISTS lachan_writer SETTINGS max_memory_usage = 2000000000;
CREATE SETTINGS PROFILE IF NOT EXISTS lachan_reader SETTINGS max_memory_usage = 2000000000, max_concurrent_queries_for_user = 32;

-- `lachan migrate`, `lachan providers`, and an operator's commands.
CREATE USER IF NOT EXISTS lachan_admin IDENTIFIED WITH sha256_hash BY '{{admin_sha256}}' SETTINGS PROFILE 'lachan_writer';
ALTER USER lachan_admin IDENTIFIED WITH sha256_hash BY '{{admin_sha256}}';
GRANT CREATE DATABASE, CREATE TABLE, CREATE VIEW, ALTER TABLE, ALTER VIEW, SELECT, INSERT ON lachan.* TO lachan_admin;

-- Who may report and who may act, what became of a report, and cases.
CREATE USER IF NOT EXISTS lachan_gateway IDENTIFIED WITH sha256_hash BY '{{gateway_sha256}}' SETTINGS PROFILE 'lachan_reader';
ALTER USER lachan_gateway IDENTIFIED WITH sha256_hash BY '{{gateway_sha256}}';
GRANT SELECT ON lachan.providers TO lachan_gateway;
GRANT SELECT ON lachan.operators TO lachan_gateway;
GRANT SELECT ON lachan.addressees TO lachan_gateway;
GRANT SELECT ON lachan.records TO lachan_gateway;
GRANT SELECT ON lachan.report_outcomes TO lachan_gateway;
GRANT SELECT ON lachan.takedown_records TO lachan_gateway;
GRANT SELECT ON lachan.case_takedowns TO lachan_gateway;
GRANT SELECT ON lachan.case_events TO lachan_gateway;
GRANT SELECT ON lachan.case_reports TO lachan_gateway;
GRANT SELECT ON lachan.case_openings TO lachan_gateway;
GRANT SELECT ON lachan.cases TO lachan_gateway;
GRANT SELECT ON lachan.event_verdicts TO lachan_gateway;
GRANT SELECT ON lachan.case_progress TO lachan_gateway;
GRANT SELECT ON lachan.log_epochs TO lachan_gateway;
GRANT SELECT ON lachan.schema_migrations TO lachan_gateway;

-- Landing, and the proof of it. The totals are written by the views, with the rights of lachan_admin.
CREATE USER IF NOT EXISTS lachan_consumers IDENTIFIED WITH sha256_hash BY '{{consumers_sha256}}' SETTINGS PROFILE 'lachan_writer';
ALTER USER lachan_consumers IDENTIFIED WITH sha256_hash BY '{{consumers_sha256}}';
GRANT SELECT, INSERT ON lachan.records TO lachan_consumers;
GRANT SELECT, INSERT ON lachan.data_keys TO lachan_consumers;
GRANT SELECT, INSERT ON lachan.log_epochs TO lachan_consumers;
GRANT SELECT, INSERT ON lachan.landings TO lachan_consumers;
GRANT SELECT, INSERT ON lachan.accepted_dead_letters TO lachan_consumers;
GRANT SELECT, INSERT ON lachan.takedown_records TO lachan_consumers;
GRANT SELECT, INSERT ON lachan.cases TO lachan_consumers;
GRANT SELECT, INSERT ON lachan.case_cycles TO lachan_consumers;
GRANT SELECT, INSERT ON lachan.case_notices TO lachan_consumers;
GRANT SELECT, INSERT ON lachan.case_deadlines TO lachan_consumers;
GRANT SELECT, INSERT ON lachan.event_verdicts TO lachan_consumers;
GRANT SELECT, INSERT ON lachan.case_progress TO lachan_consumers;
GRANT SELECT, INSERT ON lachan.takedown_rules TO lachan_consumers;
GRANT SELECT ON lachan.report_outcomes TO lachan_consumers;
GRANT SELECT ON lachan.record_totals TO lachan_consumers;
GRANT SELECT ON lachan.host_totals TO lachan_consumers;
GRANT SELECT ON lachan.case_takedowns TO lachan_consumers;
GRANT SELECT ON lachan.case_events TO lachan_consumers;
GRANT SELECT ON lachan.case_reports TO lachan_consumers;
GRANT SELECT ON lachan.case_openings TO lachan_consumers;
GRANT SELECT ON lachan.report_retractions TO lachan_consumers;
GRANT SELECT ON lachan.schema_migrations TO lachan_consumers;

-- Figures. No data keys: what is sealed stays as it is without them, but nobody should collect both.
CREATE USER IF NOT EXISTS lachan_console IDENTIFIED WITH sha256_hash BY '{{console_sha256}}' SETTINGS PROFILE 'lachan_reader';
ALTER USER lachan_console IDENTIFIED WITH sha256_hash BY '{{console_sha256}}';
GRANT SELECT ON lachan.records TO lachan_console;
GRANT SELECT ON lachan.report_outcomes TO lachan_console;
GRANT SELECT ON lachan.record_totals TO lachan_console;
GRANT SELECT ON lachan.host_totals TO lachan_console;
GRANT SELECT ON lachan.landings TO lachan_console;
GRANT SELECT ON lachan.case_takedowns TO lachan_console;
GRANT SELECT ON lachan.case_events TO lachan_console;
GRANT SELECT ON lachan.case_reports TO lachan_console;
GRANT SELECT ON lachan.case_openings TO lachan_console;
GRANT SELECT ON lachan.cases TO lachan_console;
GRANT SELECT ON lachan.case_cycles TO lachan_console;
GRANT SELECT ON lachan.case_notices TO lachan_console;
GRANT SELECT ON lachan.case_deadlines TO lachan_console;
GRANT SELECT ON lachan.log_epochs TO lachan_console;
GRANT SELECT ON lachan.providers TO lachan_console;
GRANT SELECT ON lachan.schema_migrations TO lachan_console;

-- On a cluster, besides: GRANT CLUSTER ON *.* TO lachan_admin;
