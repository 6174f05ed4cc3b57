// The log of services that run inside the tests would drown the report.
process.env.LOG_LEVEL ??= 'silent';
