/**
 * Settings on the command line. They override the files of the cluster, so that no file can weaken durability.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  // A committed transaction is on the disk.
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',

  // No connections from other machines. `serverArgs` adds the folder of the socket.
  listen_addresses: '127.0.0.1',
  unix_socket_permissions: '0600',
  unix_socket_group: '',
  ssl: 'off',

  max_connections: '100',
  shared_buffers: '128MB',
  // Nothing replicates from this server, so the log may omit what only a replica needs.
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_logical_replication_workers: '0',
  // After each checkpoint whole pages are logged. Fewer checkpoints make writes cheaper and recovery slower.
  checkpoint_timeout: '15min',
  // Short statements take longer to compile than to run.
  jit: 'off',
  timezone: 'UTC',

  // The log goes to our pipe and contains no stored data. Level `log` covers the server's own messages and fatal errors. An
  // ERROR belongs to a statement, and its text can quote a value. The DETAIL of a crash contains the running statement;
  // `terse` omits it.
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
  lc_messages: 'C', // we parse the messages
};

/**
 * Arguments of `postgres`.
 *
 * @param clusterDir absolute path; a leftover server is recognised by it
 * @param socket whether the server also listens on a Unix socket in the folder of the cluster. Only the user of the server and
 *   root can enter that folder.
 */
export function serverArgs(clusterDir: string, port: number, socket: boolean): string[] {
  const settings = { ...SETTINGS, unix_socket_directories: socket ? quoted(clusterDir) : '' };
  return [
    '-D',
    clusterDir,
    '-p',
    String(port),
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
}

/** A path as an element of a list: it may contain commas and blanks. */
function quoted(path: string): string {
  return `"${path.replaceAll('"', '""')}"`;
}
