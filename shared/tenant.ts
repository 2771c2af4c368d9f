declare const made: unique symbol

/**
 * The name of a tenant that a caller acts for. Stores are read as one, and only the authenticator makes one, so no
 * handler can choose whose log it reads.
 */
export type Tenant = string & { readonly [made]: 'by the authenticator' }

/** For the authenticator alone; a test reads who imports it. */
export const asTenant = (name: string): Tenant => name as Tenant

/** Owns what belongs to no tenant, such as a record whose envelope is damaged. Only operators see it. */
export const systemTenant = '$system'
