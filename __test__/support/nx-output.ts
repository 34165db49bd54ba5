import { output } from 'nx/src/utils/output'

/** What Nx's printer is given while `speak` runs, as plain text. */
export function listenToNx(speak: () => void): string {
  const lines: string[] = []
  const tones = ['note', 'success', 'warn'] as const
  const printer = Object.fromEntries(tones.map(tone => [tone, output[tone]]))
  for (const tone of tones) {
    output[tone] = ({ title, bodyLines = [] }: { title: string; bodyLines?: string[] }) =>
      lines.push(title, ...bodyLines)
  }
  try {
    speak()
  } finally {
    Object.assign(output, printer)
  }
  return lines.join('\n')
}
