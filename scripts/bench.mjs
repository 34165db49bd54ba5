#!/usr/bin/env node
// `npm run bench`: measures nx-s3-cache and its alternatives side by side, and writes docs/benchmarks.md.
import { join, resolve } from 'node:path'
import { performance } from 'node:perf_hooks'
import { openBench } from './bench/bench.mjs'
import { build, whatWasBuilt } from './bench/build.mjs'
import { readOptions, usage } from './bench/options.mjs'
import { write } from './bench/report.mjs'
import { Results } from './bench/results.mjs'
import { corpusSection } from './bench/sections/corpora.mjs'
import { crowd } from './bench/sections/crowd.mjs'
import { far } from './bench/sections/far.mjs'
import { huge } from './bench/sections/huge.mjs'
import { loadTime } from './bench/sections/load-time.mjs'
import { lossy } from './bench/sections/lossy.mjs'
import { nxRun } from './bench/sections/nx-run.mjs'
import { seriesSection } from './bench/sections/series.mjs'
import { server } from './bench/sections/server.mjs'
import { trust } from './bench/sections/trust.mjs'
import { repository } from './support/paths.mjs'
import { setUp } from './support/set-up.mjs'
import { duration, print, step, styled } from './support/steps.mjs'

/** In the order in which they are measured. */
const sections = {
  server: { title: 'How fast the server is', measure: server },
  load: { title: 'Loading the package', measure: loadTime },
  small: { title: 'The small corpus', measure: corpusSection('small') },
  typical: { title: 'The typical corpus', measure: corpusSection('typical') },
  large: { title: 'The large corpus', measure: corpusSection('large') },
  crowd: { title: '2,000 entries at once', measure: crowd },
  trust: { title: 'Verifying what is restored', measure: trust },
  series: { title: 'Ten builds one after the other', measure: seriesSection },
  far: { title: 'A server that is far away', measure: far },
  lossy: { title: 'A link that loses packets', measure: lossy },
  nx: { title: 'Whole runs of Nx', measure: nxRun },
  huge: { title: 'One artifact of 3 GiB', measure: huge, onRequest: true },
}

async function main(options) {
  const started = performance.now()
  if (!options.asBuilt) await (options.smoke ? setUp() : build())
  const built = whatWasBuilt(options)
  const results = Results.open(built, options)
  const bench = await openBench(built, options)
  try {
    for (const [name, { title, measure }] of chosen(options, results)) {
      await step(title, async tell => results.keep(name, await measure(bench, { ...options, tell })))
    }
  } finally {
    await bench.close()
  }
  const out = resolve(options.out ?? join(repository, 'docs'))
  const page = write(results.all, out)
  print(`\n${styled('bold', page)} ${styled('dim', `is written; everything took ${duration(started)}.`)}`)
}

function chosen({ only, huge: wantsHuge, smoke, resume }, results) {
  return Object.entries(sections).filter(([name, { onRequest }]) => {
    if (resume && name in results.all.sections) return false
    if (only) return only.includes(name)
    return onRequest ? wantsHuge && !smoke : true
  })
}

try {
  await main(readOptions(process.argv.slice(2), Object.keys(sections)))
} catch (error) {
  process.stderr.write(
    `\n${styled('red', '✖')} ${error.message}\n${error.code?.startsWith?.('ERR_PARSE_ARGS') ? usage : ''}\n`,
  )
  process.exitCode = 1
}
