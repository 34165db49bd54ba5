import { spawn } from 'node:child_process'

/** Runs a line of shell with arguments; true when it ended well. */
export function shell(line, ...args) {
  const child = spawn('bash', ['-o', 'pipefail', '-c', line, 'bash', ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code => (code === 0 ? resolve(true) : reject(new Error(`${line}: ended with ${code}`))))
  })
}
