import { defineConfig } from 'vitest/config'

const integration = '{shared,functions}/**/*.integration.test.ts'
/** What becomes of each safeguard's promise without it. */
const mutations = 'functions/**/*.mutation.test.ts'
const browser = 'functions/**/*.browser.test.ts'

export default defineConfig({
  test: {
    globalSetup: 'shared/testing/temporary.ts',
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{shared,functions}/**/*.test.ts'],
          exclude: ['**/node_modules/**', integration, mutations, browser],
          testTimeout: 20_000,
        },
      },
      // one file at a time: they stop and start the servers that all of them use
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
      { test: { name: 'mutations', include: [mutations], testTimeout: 60_000, fileParallelism: false } },
    ],
  },
})
