import { ref } from 'vue'

/** Whether somebody is being asked for a code, because what they want to do needs a recent one. */
export const asking = ref(false)
let waiting: ((given: boolean) => void)[] = []

/** Opens the dialog; resolves to whether a good code was given. Several requests share one dialog. */
export function askForCode(): Promise<boolean> {
  asking.value = true
  return new Promise((resolve) => waiting.push(resolve))
}

/** The dialog has closed, with a good code or without. */
export function answered(given: boolean): void {
  asking.value = false
  for (const resolve of waiting) resolve(given)
  waiting = []
}
