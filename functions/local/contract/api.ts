// npm run contract makes this of the contract of the HTTP API.

export interface paths {
    "/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List activities, page by page
         * @description Pages do not move: their links lead to the log as it was when the first one was read. With receipt it answers only once that record is there.
         */
        get: operations["listActivities"];
        put?: never;
        /**
         * Record one activity, or many
         * @description Answered once what was accepted is durable. Sending the same again with the same id is always safe: it is stored once. At most 256 KiB for one activity; at most 1,000 activities or 4 MiB for many.
         */
        post: operations["postActivities"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/logs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get one activity */
        get: operations["getActivity"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/logs/{id}/context": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** See what the same user did just before and after */
        get: operations["getContext"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Count what matches, by name or by time */
        get: operations["countActivities"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Export everything that matches
         * @description Streams all of it, of one moment, compressed for clients that would rather have gzip. A failure in the middle breaks the transfer off: a file that ends is whole. In CSV an apostrophe stands before what a spreadsheet would take for a formula.
         */
        get: operations["exportActivities"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Follow what is stored from now on
         * @description Server-sent events in the order of arrival: activity, with an activity as data; left-out, with the count of records that a slow client is not told. The id of each resumes exactly after it. A stream ends after 50 s, and its client goes on with another one.
         */
        get: operations["followActivities"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/receipts/{receipt}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Ask what became of a record, waiting for it */
        get: operations["getReceipt"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/books": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Account for every record */
        get: operations["getBooks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dead-letters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List records that could not be saved, the newest first */
        get: operations["listDeadLetters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dead-letters/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get one dead letter, with its record as it came */
        get: operations["getDeadLetter"];
        put?: never;
        post?: never;
        /**
         * Discard a dead letter
         * @description It is kept, with the note. May be done again.
         */
        delete: operations["discardDeadLetter"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dead-letters/{id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Save a dead letter after all
         * @description As it came, or the activity in the body instead, under the same id. May be done again.
         */
        post: operations["replayDeadLetter"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Ask whether the process serves */
        get: operations["getHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get this contract */
        get: operations["getContract"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/docs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read this contract */
        get: operations["getReference"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** See the log; takes what GET /logs takes, as forms send it */
        get: operations["showActivities"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/viewer/logs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** See one activity, and what its user did around it */
        get: operations["showActivity"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/viewer/dead-letters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** See the dead letters */
        get: operations["showDeadLetters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/viewer/dead-letters/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** See one dead letter */
        get: operations["showDeadLetter"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/viewer/books": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** See the books */
        get: operations["showBooks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/assets/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get what a page is made of */
        get: operations["getAsset"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        SentActivity: {
            id?: string;
            userId: string;
            action: string;
            /**
             * Format: date-time
             * @description RFC 3339 with an offset, from 1970 to 24 h ahead of now; given back exactly as it was sent
             */
            timestamp?: string;
            /** @description Any JSON object: at most 32 KiB, 32 levels, 256 members in all */
            metadata?: Record<string, never>;
        };
        /** @description An activity as it is found: as it was sent, and when it was received */
        FoundActivity: {
            id: string;
            userId: string;
            action: string;
            /**
             * Format: date-time
             * @description RFC 3339 with an offset, from 1970 to 24 h ahead of now; given back exactly as it was sent
             */
            timestamp: string;
            /** @description Any JSON object: at most 32 KiB, 32 levels, 256 members in all */
            metadata?: Record<string, never>;
            /**
             * Format: date-time
             * @description When it was received
             * @example 2024-01-15T10:00:01.000Z
             */
            recordedAt: string;
        };
        /** @description Where a record is in the queue */
        Position: {
            partition: number;
            offset: number;
        };
        /**
         * @example {
         *       "pointer": "/userId",
         *       "detail": "is required"
         *     }
         */
        InputError: {
            /** @description A JSON Pointer (RFC 6901) into the body, or the name of a parameter or header */
            pointer: string;
            detail: string;
        };
        /** @description What went wrong (RFC 9457) */
        Problem: {
            type: string;
            title: string;
            status: number;
            detail: string;
            /** @description Every mistake, with its place */
            errors?: components["schemas"]["InputError"][];
        };
        PostProblem: {
            type: string;
            title: string;
            status: number;
            detail: string;
            /** @description Every mistake, with its place */
            errors?: components["schemas"]["InputError"][];
            /** @description In the order in which they were sent */
            results?: ({
                index: number;
                /** @constant */
                status: "accepted";
                id: string;
                /** @description Names the record: GET /receipts/{receipt} says what became of it */
                receipt: string;
            } | {
                index: number;
                /** @constant */
                status: "invalid";
                errors: components["schemas"]["InputError"][];
            } | {
                index: number;
                /** @constant */
                status: "unavailable";
                id: string;
            })[];
        };
        Accepted: {
            id: string;
            /**
             * Format: date-time
             * @description RFC 3339 with an offset, from 1970 to 24 h ahead of now; given back exactly as it was sent
             */
            timestamp: string;
            /** @description Names the record: GET /receipts/{receipt} says what became of it */
            receipt: string;
        };
        PostResults: {
            /** @description In the order in which they were sent */
            results: ({
                index: number;
                /** @constant */
                status: "accepted";
                id: string;
                /** @description Names the record: GET /receipts/{receipt} says what became of it */
                receipt: string;
            } | {
                index: number;
                /** @constant */
                status: "invalid";
                errors: components["schemas"]["InputError"][];
            } | {
                index: number;
                /** @constant */
                status: "unavailable";
                id: string;
            })[];
        };
        ListAnswer: {
            data: components["schemas"]["FoundActivity"][];
            page: number;
            limit: number;
            /** @description How many match; not there with count=none */
            total?: number;
            /** @description false: there are more than total */
            totalIsExact?: boolean;
            /** @description The page that follows; the same as in Link */
            next: string | null;
            /** @description The page before; the same as in Link */
            previous: string | null;
            /** @description The time of receipt before which nothing that was accepted is still missing, as far as is known */
            completeThrough: string | null;
            /** @description The moment of the log that this shows; null where it is not known */
            asOf: string | null;
            receipt?: components["schemas"]["ReceiptAnswer"];
        };
        ContextAnswer: {
            activity: components["schemas"]["FoundActivity"];
            /** @description What the same user did before it, the oldest first */
            before: components["schemas"]["FoundActivity"][];
            /** @description What the same user did after it, the oldest first */
            after: components["schemas"]["FoundActivity"][];
        };
        StatsAnswer: {
            /** @enum {string} */
            by: "action" | "userId" | "hour" | "day" | "month";
            timezone?: string;
            data: {
                key: string;
                count: number;
            }[];
            /** @description How many are of keys that data does not have */
            other: number;
            total: number;
            /** @description The moment of the log that this shows; null where it is not known */
            asOf: string | null;
        };
        ReceiptAnswer: {
            /** @enum {string} */
            fate: "pending" | "stored" | "duplicate" | "conflict" | "refused";
            id?: string;
            position: components["schemas"]["Position"];
            links: {
                /** @description A path of this API, relative to its origin */
                activity?: string;
                /** @description A path of this API, relative to its origin */
                deadLetter?: string;
            };
        };
        BooksAnswer: {
            /** @description Nothing is missing */
            balanced: boolean;
            /** @description The time of receipt before which nothing that was accepted is still missing, as far as is known */
            completeThrough: string | null;
            partitions: {
                partition: number;
                first: number;
                last: number;
                /** @description The offset through which all fates are known */
                completeThrough: number | null;
                counts: {
                    stored: number;
                    duplicate: number;
                    conflict: number;
                    refused: number;
                };
                /** @description How many the queue no longer had before their fate was known */
                writtenOff: number;
                /** @description Offsets without a fate, both ends included; the first 100 stretches */
                missing: {
                    from: number;
                    to: number;
                }[];
                missingCount: number;
                /** @description There may be more than was counted */
                uncounted?: boolean;
            }[];
        };
        DeadLetterSummary: {
            id: string;
            /** @enum {string} */
            state: "open" | "replayed" | "discarded";
            /** @enum {string} */
            reason: "conflict" | "refused" | "undelivered";
            errors: components["schemas"]["InputError"][];
            activityId?: string;
            topic: string;
            position: components["schemas"]["Position"];
            firstPosition?: components["schemas"]["Position"];
            /**
             * Format: date-time
             * @example 2024-01-15T10:00:01.000Z
             */
            recordedAt?: string;
            /**
             * Format: date-time
             * @example 2024-01-15T10:00:01.000Z
             */
            firstAt: string;
            /**
             * Format: date-time
             * @example 2024-01-15T10:00:01.000Z
             */
            lastAt: string;
            attempts: number;
            resolution?: {
                /** @constant */
                state: "replayed";
                /** @enum {string} */
                outcome: "stored" | "duplicate";
                /**
                 * Format: date-time
                 * @example 2024-01-15T10:00:01.000Z
                 */
                at: string;
            } | {
                /** @constant */
                state: "discarded";
                note: string;
                /**
                 * Format: date-time
                 * @example 2024-01-15T10:00:01.000Z
                 */
                at: string;
            };
            links: {
                /** @description A path of this API, relative to its origin */
                self: string;
            };
        };
        DeadLettersAnswer: {
            data: components["schemas"]["DeadLetterSummary"][];
            limit: number;
            /** @description The page that follows; the same as in Link */
            next: string | null;
            /** @description The page before; the same as in Link */
            previous: string | null;
        };
        DeadLetterAnswer: {
            id: string;
            /** @enum {string} */
            state: "open" | "replayed" | "discarded";
            /** @enum {string} */
            reason: "conflict" | "refused" | "undelivered";
            errors: components["schemas"]["InputError"][];
            activityId?: string;
            topic: string;
            position: components["schemas"]["Position"];
            firstPosition?: components["schemas"]["Position"];
            /**
             * Format: date-time
             * @example 2024-01-15T10:00:01.000Z
             */
            recordedAt?: string;
            /**
             * Format: date-time
             * @example 2024-01-15T10:00:01.000Z
             */
            firstAt: string;
            /**
             * Format: date-time
             * @example 2024-01-15T10:00:01.000Z
             */
            lastAt: string;
            attempts: number;
            resolution?: {
                /** @constant */
                state: "replayed";
                /** @enum {string} */
                outcome: "stored" | "duplicate";
                /**
                 * Format: date-time
                 * @example 2024-01-15T10:00:01.000Z
                 */
                at: string;
            } | {
                /** @constant */
                state: "discarded";
                note: string;
                /**
                 * Format: date-time
                 * @example 2024-01-15T10:00:01.000Z
                 */
                at: string;
            };
            links: {
                /** @description A path of this API, relative to its origin */
                self: string;
            };
            /** @description Of the record, as it came */
            headers: {
                [key: string]: string;
            };
            body: {
                base64: string;
                /** @description The same, where it is text */
                text?: string;
            };
        };
        Replayed: {
            /** @description Of the dead letter */
            id: string;
            /**
             * @description stored and duplicate close the dead letter
             * @enum {string}
             */
            outcome: "stored" | "duplicate" | "conflict" | "refused";
            errors?: components["schemas"]["InputError"][];
            links?: {
                /** @description A path of this API, relative to its origin */
                activity: string;
                /** @description A path of this API, relative to its origin */
                deadLetter: string;
            };
        };
        Discard: {
            /** @example a test */
            note: string;
        };
        /**
         * @description A CloudEvent 1.0: type becomes the action, subject the user, time the timestamp, the rest metadata
         * @example {
         *       "specversion": "1.0",
         *       "id": "order-981-paid",
         *       "source": "/shop",
         *       "type": "order.paid",
         *       "subject": "user_123",
         *       "time": "2024-01-15T10:00:00Z",
         *       "data": {
         *         "total": 12.5
         *       }
         *     }
         */
        CloudEvent: {
            /** @constant */
            specversion: "1.0";
            id: string;
            source: string;
            type: string;
            subject: string;
            /** Format: date-time */
            time?: string;
            datacontenttype?: string;
            data?: unknown;
            data_base64?: string;
        } & {
            [key: string]: unknown;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    listActivities: {
        parameters: {
            query?: {
                /** @description One user */
                userId?: string;
                /** @description A name, a list with commas, or the beginning of names ending in *; a backslash makes a comma, an asterisk or a backslash ordinary */
                action?: string;
                /** @description Inclusive, by timestamp */
                from?: string;
                /** @description Exclusive, by timestamp */
                to?: string;
                /** @description The log as it was at a moment, taken from an answer */
                asOf?: string;
                /** @description By timestamp: desc has the newest first */
                order?: "desc" | "asc";
                /** @description The number of a page; not beside cursor */
                page?: number;
                /** @description How many to a page */
                limit?: number;
                /** @description A place, taken from next or previous; it belongs to its filters and order */
                cursor?: string;
                /** @description capped: total is exact up to 10,000 */
                count?: "capped" | "exact" | "none";
                /** @description Names a record; from the answer of POST /logs */
                receipt?: string;
                /** @description For how many seconds at most the record is waited for */
                wait?: number;
                /** @description metadata.a.b=value: what is written there; metadata.count=3 finds the number and the text. At most 10, beside userId, action, or from and to at most 31 days apart. A backslash makes a dot ordinary */
                metadata?: {
                    [key: string]: string;
                };
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    /** @description first, next and prev (RFC 8288) */
                    Link?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListAnswer"];
                };
            };
            /** @description The request is not valid, or too much would have to be read for it (too-broad) */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another method than those of this path */
            405: {
                headers: {
                    /** @description The methods that there are */
                    Allow?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The log cannot be reached just now; the same may be sent again */
            503: {
                headers: {
                    /** @description After how many seconds to try again */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The record of the receipt is not there yet; it is not lost */
            504: {
                headers: {
                    /** @description After how many seconds to try again */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    postActivities: {
        parameters: {
            query?: never;
            header?: {
                /** @description The id of the one activity, where it has none */
                "Idempotency-Key"?: string;
                /** @description W3C Trace Context; handed on with the record, left out when malformed */
                traceparent?: string;
                /** @description Of a CloudEvent in binary mode: 1.0 */
                "ce-specversion"?: string;
                /** @description Of a CloudEvent in binary mode: the id */
                "ce-id"?: string;
                /** @description Of a CloudEvent in binary mode: kept in the metadata */
                "ce-source"?: string;
                /** @description Of a CloudEvent in binary mode: the action */
                "ce-type"?: string;
                /** @description Of a CloudEvent in binary mode: the userId */
                "ce-subject"?: string;
                /** @description Of a CloudEvent in binary mode: the timestamp */
                "ce-time"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SentActivity"] | components["schemas"]["SentActivity"][];
                "application/x-ndjson": string;
                "application/cloudevents+json": components["schemas"]["CloudEvent"];
                "application/cloudevents-batch+json": components["schemas"]["CloudEvent"][];
                "*/*": unknown;
            };
        };
        responses: {
            /** @description It is durable: it will be found exactly once, or be kept as a dead letter with its reason */
            202: {
                headers: {
                    /** @description Where the activity will be: /logs/{id} */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Accepted"] | components["schemas"]["PostResults"];
                };
            };
            /** @description Of many, some were not accepted */
            207: {
                headers: {
                    /** @description After how many seconds to try again */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PostResults"];
                };
            };
            /** @description It was not stored and never will be: what is wrong is named */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["PostProblem"];
                };
            };
            /** @description Another method than those of this path */
            405: {
                headers: {
                    /** @description The methods that there are */
                    Allow?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large, or holds too many activities */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content type or encoding is not supported */
            415: {
                headers: {
                    /** @description The content types that are taken */
                    Accept?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It is not known whether it was stored; the same may be sent again */
            503: {
                headers: {
                    /** @description After how many seconds to try again */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["PostProblem"];
                };
            };
        };
    };
    getActivity: {
        parameters: {
            query?: never;
            header?: {
                /** @description Entity tags that the client has (RFC 9110) */
                "If-None-Match"?: string;
            };
            path: {
                /** @description The id of an activity */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The activity */
            200: {
                headers: {
                    /** @description Names this version of it; If-None-Match gives it back */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FoundActivity"];
                };
            };
            /** @description The client has it already */
            304: {
                headers: {
                    /** @description Names this version of it; If-None-Match gives it back */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is not valid; errors name each place */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is nothing of this name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another method than those of this path */
            405: {
                headers: {
                    /** @description The methods that there are */
                    Allow?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The log cannot be reached just now; the same may be sent again */
            503: {
                headers: {
                    /** @description After how many seconds to try again */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getContext: {
        parameters: {
            query?: {
                /** @description How many before it, and how many after it */
                around?: number;
            };
            header?: never;
            path: {
                /** @description The id of an activity */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The activity and those around it */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContextAnswer"];
                };
            };
            /** @description The request is not valid; errors name each place */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is nothing of this name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another method than those of this path */
            405: {
                headers: {
                    /** @description The methods that there are */
                    Allow?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The log cannot be reached just now; the same may be sent again */
            503: {
                headers: {
                    /** @description After how many seconds to try again */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    countActivities: {
        parameters: {
            query: {
                /** @description One user */
                userId?: string;
                /** @description A name, a list with commas, or the beginning of names ending in *; a backslash makes a comma, an asterisk or a backslash ordinary */
                action?: string;
                /** @description Inclusive, by timestamp */
                from?: string;
                /** @description Exclusive, by timestamp */
                to?: string;
                /** @description The log as it was at a moment, taken from an answer */
                asOf?: string;
                /** @description Names have the most frequent first; times are in order */
                by: "action" | "userId" | "hour" | "day" | "month";
                /** @description How many keys; the rest is other. Without it 10 names, or 1000 times */
                limit?: number;
                /** @description A name of the IANA database, for hours, days and months; UTC without it */
                timezone?: string;
                /** @description metadata.a.b=value: what is written there; metadata.count=3 finds the number and the text. At most 10, beside userId, action, or from and to at most 31 days apart. A backslash makes a dot ordinary */
                metadata?: {
                    [key: string]: string;
                };
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The counts */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatsAnswer"];
                };
            };
            /** @description The request is not valid, or too much would have to be read for it (too-broad) */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another method than those of this path */
            405: {
                headers: {
                    /** @description The methods that there are */
                    Allow?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The log cannot be reached just now; the same may be sent again */
            503: {
                headers: {
                    /** @description After how many seconds to try again */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    exportActivities: {
        parameters: {
            query: {
                /** @description One user */
                userId?: string;
                /** @description A name, a list with commas, or the beginning of names ending in *; a backslash makes a comma, an asterisk or a backslash ordinary */
                action?: string;
                /** @description Inclusive, by timestamp */
                from?: string;
                /** @description Exclusive, by timestamp */
                to?: string;
                /** @description The log as it was at a moment, taken from an answer */
                asOf?: string;
                format: "csv" | "ndjson";
                /** @description By timestamp: desc has the newest first */
                order?: "desc" | "asc";
                /** @description metadata.a.b=value: what is written there; metadata.count=3 finds the number and the text. At most 10, beside userId, action, or from and to at most 31 days apart. A backslash makes a dot ordinary */
                metadata?: {
                    [key: string]: string;
                };
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file */
            200: {
                headers: {
                    /** @description The name of the file */
                    "Content-Disposition"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                    "application/x-ndjson": string;
                };
            };
            /** @description The request is not valid, or too much would have to be read for it (too-broad) */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another method than those of this path */
            405: {
                headers: {
                    /** @description The methods that there are */
                    Allow?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The log cannot be reached just now; the same may be sent again */
            503: {
                headers: {
                    /** @description After how many seconds to try again */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    followActivities: {
        parameters: {
            query?: {
                /** @description One user */
                userId?: string;
                /** @description A name, a list with commas, or the beginning of names ending in *; a backslash makes a comma, an asterisk or a backslash ordinary */
                action?: string;
                /** @description Inclusive, by timestamp */
                from?: string;
                /** @description Exclusive, by timestamp */
                to?: string;
                /** @description The log as it was at a moment, taken from an answer */
                asOf?: string;
                /** @description metadata.a.b=value: what is written there; metadata.count=3 finds the number and the text. At most 10, beside userId, action, or from and to at most 31 days apart. A backslash makes a dot ordinary */
                metadata?: {
                    [key: string]: string;
                };
            };
            header?: {
                /** @description Goes on after this event: the last id that came; browsers send it by themselves */
                "Last-Event-ID"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A stream of events */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description The request is not valid; errors name each place */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another method than those of this path */
            405: {
                headers: {
                    /** @description The methods that there are */
                    Allow?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The log cannot be reached just now; the same may be sent again */
            503: {
                headers: {
                    /** @description After how many seconds to try again */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getReceipt: {
        parameters: {
            query?: {
                /** @description For how many seconds at most the record is waited for */
                wait?: number;
            };
            header?: never;
            path: {
                /** @description Names a record; from the answer of POST /logs */
                receipt: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Its fate; pending while it is on its way */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReceiptAnswer"];
                };
            };
            /** @description The request is not valid; errors name each place */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another method than those of this path */
            405: {
                headers: {
                    /** @description The methods that there are */
                    Allow?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The log cannot be reached just now; the same may be sent again */
            503: {
                headers: {
                    /** @description After how many seconds to try again */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getBooks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The books, by partition of the queue */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BooksAnswer"];
                };
            };
            /** @description The request is not valid; errors name each place */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another method than those of this path */
            405: {
                headers: {
                    /** @description The methods that there are */
                    Allow?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The log cannot be reached just now; the same may be sent again */
            503: {
                headers: {
                    /** @description After how many seconds to try again */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listDeadLetters: {
        parameters: {
            query?: {
                /** @description How many to a page */
                limit?: number;
                /** @description A place, taken from next or previous; it belongs to its filters and order */
                cursor?: string;
                /** @description Why the record could not be saved */
                reason?: "conflict" | "refused" | "undelivered";
                /** @description The name of the topic that the position counts in */
                topic?: string;
                /** @description Inclusive, by first arrival */
                from?: string;
                /** @description Exclusive, by first arrival */
                to?: string;
                /** @description What was done about it; all: whatever it was */
                state?: "open" | "replayed" | "discarded" | "all";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    /** @description first, next and prev (RFC 8288) */
                    Link?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLettersAnswer"];
                };
            };
            /** @description The request is not valid; errors name each place */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another method than those of this path */
            405: {
                headers: {
                    /** @description The methods that there are */
                    Allow?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The log cannot be reached just now; the same may be sent again */
            503: {
                headers: {
                    /** @description After how many seconds to try again */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getDeadLetter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id of a dead letter */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The dead letter */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetterAnswer"];
                };
            };
            /** @description The request is not valid; errors name each place */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is nothing of this name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another method than those of this path */
            405: {
                headers: {
                    /** @description The methods that there are */
                    Allow?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The log cannot be reached just now; the same may be sent again */
            503: {
                headers: {
                    /** @description After how many seconds to try again */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    discardDeadLetter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id of a dead letter */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Discard"];
            };
        };
        responses: {
            /** @description It is discarded */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is not valid; errors name each place */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is nothing of this name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another method than those of this path */
            405: {
                headers: {
                    /** @description The methods that there are */
                    Allow?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It was replayed before */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than 256 KiB */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not application/json */
            415: {
                headers: {
                    /** @description The content types that are taken */
                    Accept?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The log cannot be reached just now; the same may be sent again */
            503: {
                headers: {
                    /** @description After how many seconds to try again */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replayDeadLetter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id of a dead letter */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["SentActivity"];
            };
        };
        responses: {
            /** @description What it came to */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Replayed"];
                };
            };
            /** @description The request is not valid; errors name each place */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is nothing of this name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another method than those of this path */
            405: {
                headers: {
                    /** @description The methods that there are */
                    Allow?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It was discarded before */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than 256 KiB */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not application/json */
            415: {
                headers: {
                    /** @description The content types that are taken */
                    Accept?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The log cannot be reached just now; the same may be sent again */
            503: {
                headers: {
                    /** @description After how many seconds to try again */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It does; neither queue nor store is asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "ok";
                    };
                };
            };
            /** @description Another method than those of this path */
            405: {
                headers: {
                    /** @description The methods that there are */
                    Allow?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getContract: {
        parameters: {
            query?: never;
            header?: {
                /** @description Entity tags that the client has (RFC 9110) */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OpenAPI 3.1 */
            200: {
                headers: {
                    /** @description Names this version of it; If-None-Match gives it back */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
            /** @description The client has it already */
            304: {
                headers: {
                    /** @description Names this version of it; If-None-Match gives it back */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is not valid; errors name each place */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another method than those of this path */
            405: {
                headers: {
                    /** @description The methods that there are */
                    Allow?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The log cannot be reached just now; the same may be sent again */
            503: {
                headers: {
                    /** @description After how many seconds to try again */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getReference: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page for people */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description The request is not valid; errors name each place */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another method than those of this path */
            405: {
                headers: {
                    /** @description The methods that there are */
                    Allow?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The log cannot be reached just now; the same may be sent again */
            503: {
                headers: {
                    /** @description After how many seconds to try again */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    showActivities: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description What is asked for is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Another method than those of this path */
            405: {
                headers: {
                    /** @description The methods that there are */
                    Allow?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The log cannot be reached just now; the same may be sent again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    showActivity: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description There is nothing of this name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Another method than those of this path */
            405: {
                headers: {
                    /** @description The methods that there are */
                    Allow?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The log cannot be reached just now; the same may be sent again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    showDeadLetters: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Another method than those of this path */
            405: {
                headers: {
                    /** @description The methods that there are */
                    Allow?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The log cannot be reached just now; the same may be sent again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    showDeadLetter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description There is nothing of this name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Another method than those of this path */
            405: {
                headers: {
                    /** @description The methods that there are */
                    Allow?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The log cannot be reached just now; the same may be sent again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    showBooks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Another method than those of this path */
            405: {
                headers: {
                    /** @description The methods that there are */
                    Allow?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The log cannot be reached just now; the same may be sent again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getAsset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Its name, which the page says */
                file: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It never changes under this name */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/css": string;
                    "text/javascript": string;
                    "image/svg+xml": string;
                };
            };
            /** @description There is nothing of this name */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another method than those of this path */
            405: {
                headers: {
                    /** @description The methods that there are */
                    Allow?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The log cannot be reached just now; the same may be sent again */
            503: {
                headers: {
                    /** @description After how many seconds to try again */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
