import { upgradeSqliteStore } from '../store/sqlite-upgrade.ts'

/** Upgrades a store in small steps, and says so after each of them. */
const [path = '', batch = ''] = process.argv.slice(2)
await upgradeSqliteStore({ path, batch: Number(batch), onProgress: ({ left }) => console.log(`left ${left}`) })
