import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Files of a certificate and its key, in PEM. */
export interface CertificateFiles {
  certificate: string;
  key: string;
}

const NEW_KEY = ['-newkey', 'rsa:2048', '-nodes'];

/** Makes a certificate authority with the `openssl` command. @param folder receives the files */
export function createAuthority(folder: string, name: string): CertificateFiles {
  const files = filesOf(folder, name);
  const { certificate, key } = files;
  openssl(
    'req',
    '-x509',
    ...NEW_KEY,
    '-keyout',
    key,
    '-out',
    certificate,
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
  );
  return files;
}

/** Makes a server's certificate that `authority` has signed. @param host its only name */
export function createCertificate(
  folder: string,
  host: string,
  authority: CertificateFiles,
): CertificateFiles {
  const files = filesOf(folder, host);
  const request = join(folder, `${host}.csr`);
  const extensions = join(folder, `${host}.ext`);
  writeFileSync(extensions, `subjectAltName=DNS:${host}\n`);
  openssl('req', '-new', ...NEW_KEY, '-keyout', files.key, '-out', request, '-subj', `/CN=${host}`);
  const signer = ['-CA', authority.certificate, '-CAkey', authority.key, '-CAcreateserial'];
  openssl(
    'x509',
    '-req',
    '-in',
    request,
    ...signer,
    '-out',
    files.certificate,
    '-days',
    '2',
    '-extfile',
    extensions,
  );
  return files;
}

function filesOf(folder: string, name: string): CertificateFiles {
  return { certificate: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
}

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' });
}
