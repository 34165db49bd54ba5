// What one process takes: time, processor, memory, and how long its event loop stood still.
import { readFileSync, writeFileSync } from 'node:fs'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'

/** The timer that watches the event loop, in milliseconds; its own period is no delay. */
const TICK_MS = 1
/** Linux counts the processor time of ended children in these. */
const CLOCK_TICK_MS = 10

/** Begins to measure this process; `end()` answers what it took. Away from Linux, memory and children are unknown. */
export function begin() {
  const idle = resetPeakMemory()
  const loop = monitorEventLoopDelay({ resolution: TICK_MS })
  loop.enable()
  const [cpu, children, started] = [process.cpuUsage(), childrenCpuMs(), performance.now()]
  return {
    /** The event loop is blocked on purpose when a process ends; it is not watched from here on. */
    stopWatchingLoop: () => loop.disable(),
    end: () => {
      const wallMs = performance.now() - started
      const { user, system } = process.cpuUsage(cpu)
      return {
        wallMs,
        cpuMs: (user + system) / 1000 + childrenCpuMs() - children,
        memoryMB: idle === undefined ? undefined : status('VmHWM') - idle,
        loopMs: loop.count === 0 ? 0 : Math.max(0, loop.max / 1e6 - TICK_MS),
      }
    },
  }
}

/** Forgets the peak so far; answers the memory at this moment in MB. */
function resetPeakMemory() {
  try {
    writeFileSync('/proc/self/clear_refs', '5')
    return status('VmRSS')
  } catch {
    return undefined
  }
}

function status(name) {
  return Number(readFileSync('/proc/self/status', 'utf8').match(`${name}:\\s+(\\d+) kB`)[1]) * 1.024e-3
}

function childrenCpuMs() {
  try {
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ')
    return (Number(fields[13]) + Number(fields[14])) * CLOCK_TICK_MS
  } catch {
    return 0
  }
}
