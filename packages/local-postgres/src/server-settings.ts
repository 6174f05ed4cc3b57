/**
 * Settings given on the command line, which go before the files of the cluster: nothing in those can weaken what we
 * promise.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  // An acknowledged append is on the disk.
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',

  // No other machine, and no socket in /tmp that two servers could quarrel over.
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  ssl: 'off',

  max_connections: '100',
  shared_buffers: '128MB',
  // Nobody replicates from this server: without senders the log may leave out what only a replica would need.
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_logical_replication_workers: '0',
  // Checkpoints are followed by full pages in the log, so fewer of them make appends cheaper; recovery takes longer.
  checkpoint_timeout: '15min',
  // Our statements are short: compiling them would take longer than running them.
  jit: 'off',
  timezone: 'UTC',

  // The log goes to our pipe and says nothing of what is stored. Level `log` is the server's own news and what is
  // fatal; an ERROR is a statement's answer to its client, and its text can quote a value. A crash names the running
  // statement in its DETAIL, which `terse` leaves out.
  log_destination: 'stderr',
  logging_collector: 'off',
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_statement: 'none',
  log_min_duration_statement: '-1',
  log_min_duration_sample: '-1',
  log_transaction_sample_rate: '0',
  log_duration: 'off',
  log_parameter_max_length: '0',
  log_parameter_max_length_on_error: '0',
  log_checkpoints: 'off',
  log_line_prefix: '',
  lc_messages: 'C', // we read it
};

/** Arguments of `postgres` for a cluster (absolute path, by which a leftover server is recognised) and a port. */
export function serverArgs(clusterDir: string, port: number): string[] {
  return [
    '-D',
    clusterDir,
    '-p',
    String(port),
    ...Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
}
