/** Timers by name: setting one again restarts it. */
export class Timers<Name extends string> {
  private readonly ids = new Map<Name, number>()

  /** Calls `run` after `delay` milliseconds, unless the timer is set again or cleared before. */
  set(name: Name, delay: number, run: () => void): void {
    this.clear(name)
    this.ids.set(name, window.setTimeout(run, delay))
  }

  /** Whether the timer was set and has not been cleared, even if it has run. */
  has(name: Name): boolean {
    return this.ids.has(name)
  }

  clear(name: Name): void {
    window.clearTimeout(this.ids.get(name))
    this.ids.delete(name)
  }

  clearAll(): void {
    for (const name of [...this.ids.keys()]) this.clear(name)
  }
}
