import { readdir, readFile } from 'node:fs/promises';

/** Linux counts CPU time in hundredths of a second. */
const MS_PER_TICK = 10;

/** CPU time that a process has used, in milliseconds. Linux only. */
export async function cpuMs(pid) {
  const [, userTicks, systemTicks] = await processFields(pid);
  return (userTicks + systemTicks) * MS_PER_TICK;
}

/** CPU time that a process and its children have used, in milliseconds. Undefined if the system is not Linux. */
export async function familyCpuMs(pid) {
  if (process.platform !== 'linux') return undefined;
  const all = (await readdir('/proc')).map(Number).filter(Number.isInteger);
  let ticks = 0;
  for (const each of all) {
    const fields = await processFields(each).catch(() => undefined); // it has ended meanwhile
    if (!fields) continue;
    const [parent, userTicks, systemTicks] = fields;
    if (each === pid || parent === pid) ticks += userTicks + systemTicks;
  }
  return ticks * MS_PER_TICK;
}

/** @returns the parent of a process, and its ticks in user and in system mode */
async function processFields(pid) {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  return [fields[1], fields[11], fields[12]];
}
