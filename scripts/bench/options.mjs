// What the command line asks for.
import { parseArgs } from 'node:util'

export const usage = `usage: npm run bench -- [options]
  --only NAMES    measure only these sections, for example small,typical
  --rounds N      rounds of each section (default 5)
  --huge          also store and restore one artifact of 3 GiB
  --resume        leave out what was measured for this build already
  --as-built      measure what was built last, without building
  --out DIR       write there instead of docs
  --smoke         tiny and quick, with a debug build, to see whether the benchmark works
Results of sections that are left out are kept from the last run of the same build.`

/** The options, with defaults; `sections` are the names there are. */
export function readOptions(words, sections) {
  const { values } = parseArgs({
    args: words,
    options: {
      only: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      huge: { type: 'boolean', default: false },
      resume: { type: 'boolean', default: false },
      'as-built': { type: 'boolean', default: false },
      out: { type: 'string' },
      smoke: { type: 'boolean', default: false },
    },
  })
  const rounds = values.smoke ? 1 : Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds must be a whole number, not ${values.rounds}`)
  const only = values.only?.split(',')
  const unknown = only?.find(name => !sections.includes(name))
  if (unknown) throw new Error(`there is no section ${unknown}; there are ${sections.join(', ')}`)
  return { ...values, rounds, only, asBuilt: values['as-built'] }
}
