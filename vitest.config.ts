import { defineConfig } from 'vitest/config'

const integration = '{shared,functions}/**/*.integration.test.ts'
/** Each test removes a safeguard and checks that its promise breaks. */
const mutations = 'functions/**/*.mutation.test.ts'
const browser = 'functions/**/*.browser.test.ts'
/** Kills, power losses, safeguards that are taken out, simulations, and bundles: minutes of CPU time. */
const long = '{shared,functions}/**/*.long.test.ts'

export default defineConfig({
  test: {
    globalSetup: 'shared/testing/temporary.ts',
    // many tests wait for programs that they start, so there are more of them at a time than cores
    maxWorkers: '150%',
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{shared,functions}/**/*.test.ts'],
          exclude: ['**/node_modules/**', integration, mutations, browser, long],
          testTimeout: 20_000,
        },
      },
      // files run one at a time, because they stop and start servers that all of them use
      { test: { name: 'integration', include: [integration], testTimeout: 60_000, fileParallelism: false } },
      {
        test: {
          name: 'browser',
          include: [browser],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      { test: { name: 'long', include: [long], testTimeout: 60_000 } },
      { test: { name: 'mutations', include: [mutations], testTimeout: 60_000, fileParallelism: false } },
    ],
  },
})
