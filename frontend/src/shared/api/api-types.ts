// Made by `npm run types` from the API’s OpenAPI document. Not to be edited.

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** AdminBookedOut */
        AdminBookedOut: {
            message: string;
            booking: components["schemas"]["AdminBookingOut"];
            /** @default null */
            total_cost: number | null;
        };
        /** AdminBookingOut */
        AdminBookingOut: {
            id: number;
            reference: string;
            lot_id: number;
            lot_name: string;
            lot_timezone: string;
            lot_address: string | null;
            spot_id: number;
            spot_number: number;
            /** @enum {string} */
            booking_type: "instant" | "reserved";
            /** @enum {string} */
            status: "Active" | "Reserved" | "Completed" | "Cancelled" | "No-show";
            /** Format: date-time */
            start_time: string;
            /** @description When the stay ended; of a cancelled reservation the end of its window */
            end_time: string | null;
            reserved_start: string | null;
            reserved_end: string | null;
            held_until: string | null;
            checked_in_at: string | null;
            duration_hours: number | null;
            price_per_hour: number;
            currency: string;
            tariff: components["schemas"]["TariffOut"];
            /** @description The final cost; the window's price while Reserved; 0 while Active */
            total_cost: number;
            /** @description While Active: the cost if it ended now */
            running_cost: number | null;
            /** Format: date-time */
            created_at: string;
            require_checkin: boolean;
            checkin_deadline: string | null;
            ended_by: ("user" | "admin" | "system") | null;
            reason: string | null;
            /** @description Why, when the program itself decided; else null */
            reason_code: ("not_free" | "lot_closed") | null;
            vehicle_plate: string | null;
            /** @description Of a booking for a visitor: for whom it is; empty once the name is deleted */
            visitor_name: string | null;
            visitor_email: string | null;
            /** @description The features that the driver asked for */
            needs: ("accessible" | "ev" | "covered")[];
            /** @description The series of which it is one date */
            series_id: number | null;
            /** @description What the caller can do now: its driver, or staff for them */
            actions: ("cancel" | "extend" | "shorten" | "check_in" | "release")[];
            /** @default null */
            mail: components["schemas"]["MailOut"] | null;
            user_id: number;
            user_email: string;
            username: string;
        };
        /** AdminBookingsOut */
        AdminBookingsOut: {
            bookings: components["schemas"]["AdminBookingOut"][];
            next: string | null;
            /** Format: date-time */
            server_time: string;
        };
        /** AdminEntriesOut */
        AdminEntriesOut: {
            entries: components["schemas"]["AdminEntryOut"][];
            next: string | null;
            total: number;
            /** Format: date-time */
            server_time: string;
        };
        /**
         * AdminEntryOut
         * @description With the person; null where they were taken off an entry that has ended.
         */
        AdminEntryOut: {
            id: number;
            /** @enum {string} */
            status: "Waiting" | "Offered" | "Claimed" | "Lapsed" | "Declined" | "Left" | "Expired";
            /** @enum {string} */
            booking_type: "instant" | "reserved";
            lots: components["schemas"]["LotPlaceOut"][];
            /** @description The smallest of the lots' positions; null unless Waiting */
            position: number | null;
            reserved_start: string | null;
            reserved_end: string | null;
            /** Format: date-time */
            waits_until: string;
            needs: ("accessible" | "ev" | "covered")[];
            vehicle_plate: string | null;
            /** Format: date-time */
            created_at: string;
            ended_at: string | null;
            /** @description When a free spot was told of that was not held: fewer than 5 minutes before the start */
            told_at: string | null;
            /** @description Why it has ended; while Waiting, why it lost its offer (`spot_closed`) or one of its lots (`lot_closed`). Null once Claimed */
            reason: ("lot_closed" | "spot_closed" | "series_ended" | "account_deleted" | "time_over" | "not_claimed" | "declined" | "left") | null;
            /** @description The series of which this is a date that was full */
            series_id: number | null;
            /** @description The booking, once Claimed */
            booking_id: number | null;
            /** @description While Offered; of one that Lapsed or was Declined, what it was */
            offer: components["schemas"]["OfferOut"] | null;
            user_id: number | null;
            user_email: string | null;
            username: string | null;
        };
        /**
         * AdminStatsEnvelope
         * @description Without a period, the totals of the whole history stand beside `stats`.
         */
        AdminStatsEnvelope: {
            stats: components["schemas"]["AdminStatsOut"];
            /** @description Cost of all bookings */
            total_revenue?: number;
            /** @description Percent of the spots' time during which a car was parked */
            occupancy_rate?: number;
            /** @description Number of bookings of every status */
            total_bookings?: number;
            /** @description Active at this moment */
            active_bookings?: number;
            /** @description Reserved at this moment */
            reserved_bookings?: number;
            completed_bookings?: number;
            /** @description The 200 lots with the highest revenue */
            revenue_by_lot?: components["schemas"]["LotRevenueOut"][];
        };
        /** AdminStatsOut */
        AdminStatsOut: {
            /** Format: date */
            from: string;
            /** Format: date */
            to: string;
            lot_id: number | null;
            /** Format: date-time */
            as_of: string;
            partial: boolean;
            currency: string;
            previous: components["schemas"]["PeriodOut"] | null;
            now: components["schemas"]["NowOut"];
            figures: components["schemas"]["MetricOut"][];
            busiest_hour: components["schemas"]["BusiestOut"] | null;
            /** @description Of all time: the last three years */
            days: components["schemas"]["DayOut"][];
            lots: components["schemas"]["LotStatsOut"][];
            lots_total: number;
            /** @description Occupancy in percent, [Monday first][local hour]; null: no spots */
            hours: (number | null)[][];
            stays: components["schemas"]["StayOut"][];
            /** @description Half-hourly, for periods of at most two days; else empty */
            curve: components["schemas"]["CurveOut"][];
            turned_away: components["schemas"]["TurnedAwayOut"];
        };
        /** AdminTotalsEnvelope */
        AdminTotalsEnvelope: {
            totals: components["schemas"]["AdminTotalsOut"];
        };
        /**
         * AdminTotalsOut
         * @description `people`: number of different drivers, without visitors. `seconds`: with counted=ended the whole stays, with
         *     parked or kept_free the part within the period; otherwise null.
         */
        AdminTotalsOut: {
            count: number;
            total_cost: number | null;
            currency: string | null;
            people: number;
            seconds: number | null;
        };
        /** Alive */
        Alive: {
            /** @constant */
            status: "ok";
        };
        /**
         * ApiToken
         * @description An API token without its secret. `last_used_at` is exact to the hour.
         */
        ApiToken: {
            id: number;
            name: string;
            scopes: ("lots:read" | "bookings:read" | "bookings:write" | "stats:read" | "exports:read")[];
            lot_ids: number[] | null;
            /** Format: date-time */
            created_at: string;
            expires_at: string | null;
            last_used_at: string | null;
        };
        /** ApiTokens */
        ApiTokens: {
            tokens: components["schemas"]["ApiToken"][];
        };
        /** AvailabilityEnvelope */
        AvailabilityEnvelope: {
            availability: components["schemas"]["AvailabilityOut"];
        };
        /** AvailabilityOut */
        AvailabilityOut: {
            /** Format: date-time */
            from: string;
            /** Format: date-time */
            to: string;
            lot_id: number;
            capacity: number;
            available_spots: number;
            spot_ids: number[];
            /** @description Null where no needs were given */
            matching: components["schemas"]["MatchingOut"] | null;
            next_free: components["schemas"]["WindowOut"] | null;
        };
        /**
         * Backup
         * @description The last backup that was made on the schedule.
         */
        Backup: {
            ok: boolean;
            detail: string;
            last_at: string | null;
            file: string | null;
            size_bytes: number | null;
        };
        /** Begin */
        Begin: {
            /** Format: password */
            password: string;
        };
        /**
         * Begun
         * @description What an authenticator app needs: `uri` is what `qr` (an SVG) shows, `secret` the same to be typed in.
         */
        Begun: {
            message: string;
            token: string;
            /** @description Seconds for which the token is valid. */
            expires_in: number;
            secret: string;
            uri: string;
            qr: string;
        };
        /**
         * BookIn
         * @description A booking for now, or for a window in the future.
         */
        BookIn: components["schemas"]["InstantIn"] | components["schemas"]["ReservedIn"];
        /** BookedOut */
        BookedOut: {
            message: string;
            booking: components["schemas"]["BookingOut"];
        };
        /** BookingMatch */
        BookingMatch: {
            id: number;
            reference: string;
            /** @enum {string} */
            status: "Active" | "Reserved" | "Completed" | "Cancelled" | "No-show";
            vehicle_plate: string | null;
            visitor_name: string | null;
            lot_id: number;
            lot_name: string;
            lot_timezone: string;
            spot_number: number;
            /** Format: date-time */
            start_time: string;
            user_id: number;
            username: string;
        };
        /** BookingOut */
        BookingOut: {
            id: number;
            reference: string;
            lot_id: number;
            lot_name: string;
            lot_timezone: string;
            lot_address: string | null;
            spot_id: number;
            spot_number: number;
            /** @enum {string} */
            booking_type: "instant" | "reserved";
            /** @enum {string} */
            status: "Active" | "Reserved" | "Completed" | "Cancelled" | "No-show";
            /** Format: date-time */
            start_time: string;
            /** @description When the stay ended; of a cancelled reservation the end of its window */
            end_time: string | null;
            reserved_start: string | null;
            reserved_end: string | null;
            held_until: string | null;
            checked_in_at: string | null;
            duration_hours: number | null;
            price_per_hour: number;
            currency: string;
            tariff: components["schemas"]["TariffOut"];
            /** @description The final cost; the window's price while Reserved; 0 while Active */
            total_cost: number;
            /** @description While Active: the cost if it ended now */
            running_cost: number | null;
            /** Format: date-time */
            created_at: string;
            require_checkin: boolean;
            checkin_deadline: string | null;
            ended_by: ("user" | "admin" | "system") | null;
            reason: string | null;
            /** @description Why, when the program itself decided; else null */
            reason_code: ("not_free" | "lot_closed") | null;
            vehicle_plate: string | null;
            /** @description Of a booking for a visitor: for whom it is; empty once the name is deleted */
            visitor_name: string | null;
            visitor_email: string | null;
            /** @description The features that the driver asked for */
            needs: ("accessible" | "ev" | "covered")[];
            /** @description The series of which it is one date */
            series_id: number | null;
            /** @description What the caller can do now: its driver, or staff for them */
            actions: ("cancel" | "extend" | "shorten" | "check_in" | "release")[];
            /** @default null */
            mail: components["schemas"]["MailOut"] | null;
        };
        /** BookingsOut */
        BookingsOut: {
            bookings: components["schemas"]["BookingOut"][];
            next: string | null;
            /** Format: date-time */
            server_time: string;
            total: number | null;
            totals: components["schemas"]["TotalsOut"] | null;
        };
        /** BusiestOut */
        BusiestOut: {
            /** Format: date */
            day: string;
            hour: number;
            occupancy_percent: number;
            bookings_query: string;
        };
        /** ChangeEmail */
        ChangeEmail: {
            /** Format: email */
            email: string;
            /** Format: password */
            password: string;
        };
        /** ChangePassword */
        ChangePassword: {
            /** Format: password */
            current_password: string;
            /** Format: password */
            new_password: string;
        };
        /**
         * Circuit
         * @description `open`: the mail server has refused the login, and delivery pauses until the given time.
         */
        Circuit: {
            /** @enum {string} */
            state: "closed" | "open";
            until: string | null;
            login_failures: number;
            last_reply: string | null;
        };
        /** ClaimedOut */
        ClaimedOut: {
            message: string;
            booking: components["schemas"]["BookingOut"];
            entry: components["schemas"]["EntryOut"];
        };
        /** ClosureListed */
        ClosureListed: {
            id: number;
            /** Format: date-time */
            start: string;
            /** @description Null: until further notice */
            end: string | null;
            /** @description For administrators */
            reason: string | null;
            /** @enum {string} */
            state: "planned" | "waiting" | "active";
            lot_id: number;
            lot_name: string;
            lot_timezone: string;
            spot_id: number;
            spot_number: number;
        };
        /**
         * ClosureOut
         * @description A time in which a spot is out of service. `waiting`: it is due, but a car is still there.
         */
        ClosureOut: {
            id: number;
            /** Format: date-time */
            start: string;
            /** @description Null: until further notice */
            end: string | null;
            /** @description For administrators */
            reason: string | null;
            /** @enum {string} */
            state: "planned" | "waiting" | "active";
        };
        /** ClosuresOut */
        ClosuresOut: {
            closures: components["schemas"]["ClosureListed"][];
            next: string | null;
        };
        /**
         * ComingOut
         * @description A reservation of a spot. Administrators see its user; `user_email` is "You" for one's own.
         */
        ComingOut: {
            /** Format: date-time */
            start: string;
            /** Format: date-time */
            end: string;
            /** @default null */
            user_email: string | null;
            /** @default null */
            username: string | null;
            /** @default null */
            visitor_name: string | null;
        };
        /** Confirmed */
        Confirmed: {
            /** Format: password */
            password: string;
        };
        /**
         * CreatedApiToken
         * @description An API token with its secret, which is shown this once.
         */
        CreatedApiToken: {
            id: number;
            name: string;
            scopes: ("lots:read" | "bookings:read" | "bookings:write" | "stats:read" | "exports:read")[];
            lot_ids: number[] | null;
            /** Format: date-time */
            created_at: string;
            expires_at: string | null;
            last_used_at: string | null;
            token: string;
        };
        /**
         * CurveOut
         * @description Parked cars and spots in service at this instant.
         */
        CurveOut: {
            /** Format: date-time */
            at: string;
            occupied: number;
            capacity: number;
        };
        /** Database */
        Database: {
            ok: boolean;
            detail: string;
            /** @enum {string} */
            kind: "sqlite" | "postgresql";
            version: string;
        };
        /**
         * DateOut
         * @description One date. `available`: it can be among those to be booked. `status` says what is to be known of it: another spot
         *     than on most dates; no spot is free (`full`), or the free ones are out of service (`blocked`); you have a booking at
         *     this time; the clocks leave its start or end out, so it is later (or there is no time left); or it lies too far
         *     ahead and is booked later, as soon as it can be.
         */
        DateOut: {
            /** Format: date */
            date: string;
            /** @enum {string} */
            status: "ok" | "other_spot" | "full" | "blocked" | "yours_already" | "clock_change" | "later";
            available: boolean;
            /** Format: date-time */
            reserved_start: string;
            /** Format: date-time */
            reserved_end: string;
            spot_number: number | null;
            total_cost: number;
        };
        /** DayOut */
        DayOut: {
            /** Format: date */
            day: string;
            partial: boolean;
            bookings: number;
            instant: number;
            reserved: number;
            visits: number;
            completed: number;
            cancelled: number;
            no_shows: number;
            revenue: number;
            occupied_seconds: number;
            reserved_seconds: number;
            available_seconds: number;
            occupancy_percent: number;
            bookings_query: string;
        };
        /**
         * DialectOut
         * @description How a CSV file was read. `decimal` is null where no number shows which sign it uses.
         */
        DialectOut: {
            encoding: string;
            /** @enum {string} */
            separator: "," | ";" | "\t";
            decimal: ("," | ".") | null;
        };
        /** Disk */
        Disk: {
            ok: boolean;
            detail: string;
            free_bytes: number;
            total_bytes: number;
        };
        /**
         * DryRun
         * @description `addresses` contains the first hundred.
         */
        DryRun: {
            message: string;
            recipients: number;
            mails: number;
            addresses: string[];
        };
        /** Email */
        Email: {
            id: number;
            kind: string;
            recipient: string;
            subject: string;
            /** @enum {string} */
            state: "queued" | "sending" | "retrying" | "sent" | "failed" | "suppressed" | "discarded";
            attempts: number;
            last_reply: string | null;
            /** @description The code of `last_reply`, where the program itself wrote it; else null */
            last_reply_code: ("not_configured" | "too_many" | "replaced" | "newer" | "worker_died" | "expired" | "discarded" | "discarded_after_restore" | "unwritable" | "demonstration") | null;
            created_at: string;
            next_attempt_at: string | null;
            sent_at: string | null;
            booking_id: number | null;
            user_id: number | null;
            message_id: string;
        };
        /** EmailDetail */
        EmailDetail: {
            id: number;
            kind: string;
            recipient: string;
            subject: string;
            /** @enum {string} */
            state: "queued" | "sending" | "retrying" | "sent" | "failed" | "suppressed" | "discarded";
            attempts: number;
            last_reply: string | null;
            /** @description The code of `last_reply`, where the program itself wrote it; else null */
            last_reply_code: ("not_configured" | "too_many" | "replaced" | "newer" | "worker_died" | "expired" | "discarded" | "discarded_after_restore" | "unwritable" | "demonstration") | null;
            created_at: string;
            next_attempt_at: string | null;
            sent_at: string | null;
            booking_id: number | null;
            user_id: number | null;
            message_id: string;
            text: string;
            html: string;
            headers: components["schemas"]["Header"][];
            attachments: string[];
        };
        /** EmailDone */
        EmailDone: {
            message: string;
            email: components["schemas"]["Email"];
        };
        /** EmailOut */
        EmailOut: {
            email: components["schemas"]["EmailDetail"];
        };
        /** EmailsOut */
        EmailsOut: {
            emails: components["schemas"]["Email"][];
            next: string | null;
            counts: {
                [key: string]: number;
            };
            outbox: components["schemas"]["Outbox"];
        };
        /**
         * Encryption
         * @description `unencrypted`: the servers on other machines that are not reached over TLS with a checked certificate. They are
         *     no problem where the operator says that nobody else can reach the network (PRIVATE_NETWORK).
         */
        Encryption: {
            ok: boolean;
            detail: string;
            unencrypted: ("database" | "redis" | "mail")[];
        };
        /**
         * Entries
         * @description `names`: what people call the things whose ids stand in `before` and `after`: entity -> id -> name.
         */
        Entries: {
            entries: components["schemas"]["Entry"][];
            names: {
                [key: string]: {
                    [key: string]: string;
                };
            };
            next: string | null;
        };
        /** EntriesOut */
        EntriesOut: {
            entries: components["schemas"]["EntryOut"][];
            /** Format: date-time */
            server_time: string;
        };
        /**
         * Entry
         * @description `before` and `after` contain only the changed fields. No actor: the system; with a
         *     `request_id` the visitor of a booking, by the link in their email. `entity_name` is what people call the
         *     object; null when it has no name, or none any more.
         */
        Entry: {
            id: number;
            /** Format: date-time */
            at: string;
            actor_id: number | null;
            actor_email: string | null;
            actor_name: string | null;
            action: string;
            entity: string;
            entity_id: number | null;
            entity_name: string | null;
            before: {
                [key: string]: unknown;
            } | null;
            after: {
                [key: string]: unknown;
            } | null;
            request_id: string | null;
        };
        /** EntryOut */
        EntryOut: {
            id: number;
            /** @enum {string} */
            status: "Waiting" | "Offered" | "Claimed" | "Lapsed" | "Declined" | "Left" | "Expired";
            /** @enum {string} */
            booking_type: "instant" | "reserved";
            lots: components["schemas"]["LotPlaceOut"][];
            /** @description The smallest of the lots' positions; null unless Waiting */
            position: number | null;
            reserved_start: string | null;
            reserved_end: string | null;
            /** Format: date-time */
            waits_until: string;
            needs: ("accessible" | "ev" | "covered")[];
            vehicle_plate: string | null;
            /** Format: date-time */
            created_at: string;
            ended_at: string | null;
            /** @description When a free spot was told of that was not held: fewer than 5 minutes before the start */
            told_at: string | null;
            /** @description Why it has ended; while Waiting, why it lost its offer (`spot_closed`) or one of its lots (`lot_closed`). Null once Claimed */
            reason: ("lot_closed" | "spot_closed" | "series_ended" | "account_deleted" | "time_over" | "not_claimed" | "declined" | "left") | null;
            /** @description The series of which this is a date that was full */
            series_id: number | null;
            /** @description The booking, once Claimed */
            booking_id: number | null;
            /** @description While Offered; of one that Lapsed or was Declined, what it was */
            offer: components["schemas"]["OfferOut"] | null;
        };
        /** ExportAsked */
        ExportAsked: {
            message: string;
            export: components["schemas"]["ExportOut"];
        };
        /**
         * ExportDryRun
         * @description The answer of `?dry_run=true`: the intended action, and the number of recipients.
         */
        ExportDryRun: {
            message: string;
            recipients: number;
        };
        /** ExportEnvelope */
        ExportEnvelope: {
            export: components["schemas"]["ExportOut"];
        };
        /** ExportIn */
        ExportIn: {
            /**
             * @description `bookings`: yours; `lot_bookings`: everybody's of one lot (`lot_id`) or of all lots that you may see, for staff and administrators; `all_data`: for administrators
             * @default bookings
             * @enum {string}
             */
            kind: "bookings" | "lot_bookings" | "all_data";
            /**
             * @description How the file is written. `comma` and `semicolon` are for spreadsheets: decimal point or decimal comma, local times with their zone in a column, headings in the language of the account. `machine` is for programs: commas, decimal points, ISO 8601 times with their offset, the identifiers of the fields. `auto` follows the account: its `csv_format`, or else its language.
             * @default auto
             * @enum {string}
             */
            format: "auto" | "machine" | "comma" | "semicolon";
            filters?: components["schemas"]["FiltersIn"];
        };
        /** ExportOut */
        ExportOut: {
            id: number;
            /** @enum {string} */
            kind: "bookings" | "lot_bookings" | "all_data";
            filters: {
                [key: string]: unknown;
            };
            /** @enum {string} */
            format: "machine" | "comma" | "semicolon";
            /** @enum {string} */
            state: "queued" | "running" | "done" | "failed" | "cancelled" | "expired";
            rows_done: number;
            rows_total: number | null;
            size_bytes: number | null;
            created_at: string;
            finished_at: string | null;
            expires_at: string | null;
            download_url: string | null;
            error: string | null;
            error_code: ("not_built" | "disk_full" | "not_allowed" | "export_quota") | null;
            waiting_for_worker: boolean;
        };
        /**
         * ExportProcessing
         * @description The client's shape; `export` is the job behind it.
         */
        ExportProcessing: {
            message: string;
            /** @constant */
            status: "processing";
            task_id: string;
            export: components["schemas"]["ExportOut"];
        };
        /** ExportsOut */
        ExportsOut: {
            exports: components["schemas"]["ExportOut"][];
        };
        /**
         * ExtendIn
         * @description Either `minutes` (how much longer) or `until`, not both.
         */
        ExtendIn: {
            minutes?: number | null;
            until?: string | null;
        };
        /** FeaturesOut */
        FeaturesOut: {
            accessible: number;
            ev: number;
            covered: number;
        };
        /**
         * FiltersIn
         * @description The filters of the history page.
         */
        FiltersIn: {
            /** @default null */
            status: ("Active" | "Reserved" | "Completed" | "Cancelled" | "No-show") | null;
            /** @default null */
            lot_id: number | null;
            /** @default null */
            booking_type: ("instant" | "reserved") | null;
            /** @default null */
            from: string | null;
            /** @default null */
            to: string | null;
        };
        /** Forgot */
        Forgot: {
            /** @description An email address; it may match no account. */
            email: string;
        };
        /** Header */
        Header: {
            name: string;
            value: string;
        };
        /**
         * Hold
         * @description Nothing is sent since the restore of a backup, which was made at `backup_of`.
         */
        Hold: {
            since: string;
            backup_of: string;
        };
        /**
         * HourDayOut
         * @description One local hour of one day. `occupancy_percent` is null when no spot was in service.
         */
        HourDayOut: {
            /** Format: date */
            day: string;
            partial: boolean;
            occupied_seconds: number;
            available_seconds: number;
            occupancy_percent: number | null;
            bookings_query: string;
        };
        /** HourEnvelope */
        HourEnvelope: {
            hour: components["schemas"]["HourOut"];
        };
        /**
         * HourOut
         * @description One cell of the heat map and its days, whose seconds add up to those of the cell.
         */
        HourOut: {
            weekday: number;
            hour: number;
            occupied_seconds: number;
            available_seconds: number;
            occupancy_percent: number | null;
            days: components["schemas"]["HourDayOut"][];
        };
        /** InstantIn */
        InstantIn: {
            lot_id: number;
            /** @default null */
            spot_id: number | null;
            /** @default null */
            vehicle_plate: string | null;
            /** @default null */
            needs: ("accessible" | "ev" | "covered")[] | null;
            /**
             * @description `immediate` is another word for `instant`
             * @default instant
             */
            booking_type: ("instant" | "immediate") | null;
            /** @default null */
            reserved_start: null;
            /** @default null */
            reserved_end: null;
        };
        /**
         * JoinIn
         * @description A wait for a spot over a window, or (`instant`) from the moment on at which one is free. Without a type it is
         *     `reserved`.
         */
        JoinIn: {
            /** @description Any of these lots will do */
            lot_ids: number[];
            /**
             * @default reserved
             * @enum {string}
             */
            booking_type: "instant" | "reserved";
            reserved_start?: string | null;
            reserved_end?: string | null;
            for_minutes?: number | null;
            needs?: ("accessible" | "ev" | "covered")[] | null;
            vehicle_plate?: string | null;
        };
        /** JoinedOut */
        JoinedOut: {
            message: string;
            entry: components["schemas"]["EntryOut"];
        };
        /** KindOut */
        KindOut: {
            kind: string;
            label: string;
            /** @enum {string} */
            category: "transactional" | "subscription";
        };
        /** KindsOut */
        KindsOut: {
            kinds: components["schemas"]["KindOut"][];
        };
        /** Line */
        Line: {
            kind: string;
            description: string;
            every: ("day" | "month") | null;
            time: string | null;
            timezone: string | null;
            running: boolean;
            last_period: string | null;
            last_run: string | null;
            last_count: number | null;
            next_run: string | null;
        };
        /**
         * LineOut
         * @description One line of a price. `capped`: limited by the daily maximum; `free`: within the free minutes.
         */
        LineOut: {
            text: string;
            /** Format: date-time */
            starts: string;
            seconds: number;
            amount: number;
            capped: boolean;
            free: boolean;
        };
        /** LinkIn */
        LinkIn: {
            /** @description What follows #token= in the link */
            token: string;
        };
        /**
         * ListedUser
         * @description Totals have their currency beside them. `active_bookings` counts Active and Reserved bookings.
         */
        ListedUser: {
            id: number;
            email: string;
            username: string;
            roles: ("user" | "admin")[];
            active: boolean;
            /** Format: date-time */
            created_at: string;
            last_booking_at: string | null;
            active_bookings: number;
            total_bookings: number;
            /** @description Amount in major units, at most two decimals */
            total_spent: number;
            currency: string;
        };
        /** ListedUserAnswer */
        ListedUserAnswer: {
            /** @default null */
            message: string | null;
            user: components["schemas"]["ListedUser"];
        };
        /** Login */
        Login: {
            /** @description An email address; it may match no account. */
            email: string;
            /** Format: password */
            password: string;
            /** @description Ignored. */
            username?: string | null;
            /** @description Of an account with a second factor: the code of its app, or a recovery code. Without one the answer is 401 `second_factor_required`. */
            code?: string | null;
        };
        /**
         * LotEdit
         * @description Any of the fields; the others stay as they are.
         */
        LotEdit: {
            name?: string | null;
            capacity?: number | null;
            price_per_hour?: number | null;
            timezone?: string | null;
            address?: string | null;
            latitude?: number | null;
            longitude?: number | null;
            description?: string | null;
            require_checkin?: boolean | null;
            /** @description Whether a reservation that has begun may be ended earlier */
            shorten_running?: boolean | null;
            checkin_grace_minutes?: number | null;
            instant_hold_minutes?: number | null;
            billing_step_seconds?: number | null;
            free_minutes?: number | null;
            daily_cap?: number | null;
            cap_day?: ("rolling" | "calendar") | null;
        };
        /** LotEnvelope */
        LotEnvelope: {
            lot: components["schemas"]["LotOut"];
        };
        /**
         * LotIn
         * @description A new lot.
         */
        LotIn: {
            name: string;
            capacity: number;
            price_per_hour: number;
            timezone?: string | null;
            address?: string | null;
            latitude?: number | null;
            longitude?: number | null;
            description?: string | null;
            require_checkin?: boolean | null;
            /** @description Whether a reservation that has begun may be ended earlier */
            shorten_running?: boolean | null;
            checkin_grace_minutes?: number | null;
            instant_hold_minutes?: number | null;
            billing_step_seconds?: number | null;
            free_minutes?: number | null;
            daily_cap?: number | null;
            cap_day?: ("rolling" | "calendar") | null;
        };
        /** LotMatch */
        LotMatch: {
            id: number;
            name: string;
            address: string | null;
        };
        /** LotMessage */
        LotMessage: {
            lot: components["schemas"]["LotOut"];
            message: string;
        };
        /** LotOut */
        LotOut: {
            id: number;
            name: string;
            capacity: number;
            price_per_hour: number;
            currency: string;
            timezone: string;
            available_spots: number;
            occupied_spots: number;
            reserved_spots: number;
            out_of_service_spots: number;
            address: string | null;
            latitude: number | null;
            longitude: number | null;
            description: string | null;
            require_checkin: boolean;
            shorten_running: boolean;
            checkin_grace_minutes: number;
            instant_hold_minutes: number;
            tariff: components["schemas"]["TariffOut"];
            features: components["schemas"]["FeaturesOut"];
            /** @description Null where no needs were given */
            matching: components["schemas"]["MatchingOut"] | null;
            version: number;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
        };
        /** LotPlaceOut */
        LotPlaceOut: {
            id: number;
            name: string;
            timezone: string;
            /** @description The place in the queue, 1 is next; null unless Waiting */
            position: number | null;
        };
        /** LotRevenueOut */
        LotRevenueOut: {
            lot_name: string;
            revenue: number;
        };
        /**
         * LotSaved
         * @description `removed_spots`: the numbers that a smaller capacity took. The old capacity brings them back, as they were.
         */
        LotSaved: {
            lot: components["schemas"]["LotOut"];
            message: string;
            removed_spots: number[];
        };
        /** LotStatsOut */
        LotStatsOut: {
            lot_id: number;
            name: string;
            bookings: number;
            visits: number;
            revenue: number;
            revenue_previous: number | null;
            occupancy_percent: number;
            peak_cars: number;
            turnover: number | null;
            revenue_per_spot_hour: number | null;
            average_stay_seconds: number | null;
            occupied_seconds: number;
            reserved_seconds: number;
            available_seconds: number;
            no_shows: number;
            cancelled: number;
            bookings_query: string;
        };
        /** LotsMessage */
        LotsMessage: {
            message: string;
            lots: components["schemas"]["LotOut"][];
            dialect: components["schemas"]["DialectOut"];
        };
        /** LotsOut */
        LotsOut: {
            lots: components["schemas"]["LotOut"][];
            next: string | null;
            total: number;
        };
        /**
         * MailCertificate
         * @description The certificate at the last connection to the mail server; `expires_at` is null before the first one.
         */
        MailCertificate: {
            ok: boolean;
            detail: string;
            host: string;
            expires_at: string | null;
        };
        /** MailOut */
        MailOut: {
            state: string;
        };
        /**
         * MatchingOut
         * @description The spots with every needed feature, and how many of them are free.
         */
        MatchingOut: {
            needs: ("accessible" | "ev" | "covered")[];
            spots: number;
            available_spots: number;
        };
        /** Message */
        Message: {
            message: string;
        };
        /**
         * MetricOut
         * @description One number. `previous` is the same over the period before; `bookings` are the query parameters of
         *     /api/admin/bookings that list the bookings behind it, `users` those of /api/users that list the people. (What makes
         *     up `available` stands lot by lot in `lots`.)
         */
        MetricOut: {
            name: string;
            /** @enum {string} */
            unit: "count" | "money" | "percent" | "seconds" | "minutes" | "per_spot_day" | "money_per_spot_hour";
            value: number | null;
            previous: number | null;
            bookings: string | null;
            users: string | null;
        };
        /**
         * Names
         * @description `count`: accounts and lots with the same name or address as an earlier one.
         */
        Names: {
            ok: boolean;
            detail: string;
            count: number;
        };
        /** NewApiToken */
        NewApiToken: {
            /** @description A name by which you recognise the token, among yours only once. */
            name: string;
            /** @description What the token may be used for. */
            scopes: ("lots:read" | "bookings:read" | "bookings:write" | "stats:read" | "exports:read")[];
            /** @description Limits the token to these lots. Without it: all lots. */
            lot_ids?: number[] | null;
            /** @description When the token ends; without an offset in UTC. Without it: when you revoke it. */
            expires_at?: string | null;
        };
        /**
         * Nothing
         * @description No fields.
         */
        Nothing: Record<string, never>;
        /** NoticeDetail */
        NoticeDetail: {
            label: string;
            value: string;
        };
        /**
         * NoticeOut
         * @description One event in the words of its mail, in the language of your account. Times are in the zone of the lot.
         *
         *     `kind` is the kind of that mail, or `mail_failed`.
         */
        NoticeOut: {
            id: number;
            kind: string;
            booking_id: number | null;
            /** @description The series of which it tells a date that was not booked. */
            series_id: number | null;
            /** Format: date-time */
            created_at: string;
            title: string;
            /** @description Spot and lot. */
            place: string;
            paragraphs: string[];
            details: components["schemas"]["NoticeDetail"][];
        };
        /** NoticesOut */
        NoticesOut: {
            notices: components["schemas"]["NoticeOut"][];
            next: string | null;
            /** @description All notices that are not dismissed, on every page of the list. */
            total: number;
        };
        /**
         * NowOut
         * @description The spots now; the four counts add up to the capacity.
         */
        NowOut: {
            capacity: number;
            occupied: number;
            reserved: number;
            out_of_service: number;
            available: number;
            occupancy_percent: number;
        };
        /** OfferOut */
        OfferOut: {
            /** @description The id that the booking will have */
            booking_id: number;
            lot_id: number;
            lot_name: string;
            lot_timezone: string;
            spot_id: number;
            spot_number: number;
            /** Format: date-time */
            offered_at: string;
            /** @description From this instant on it has lapsed */
            claim_by: string | null;
            /** @enum {string} */
            booking_type: "instant" | "reserved";
            reserved_start: string | null;
            reserved_end: string | null;
            price_per_hour: number;
            currency: string;
            /** @description The price of the window; null without one */
            total_cost: number | null;
        };
        /** OneBookingOut */
        OneBookingOut: {
            booking: components["schemas"]["BookingOut"];
            /** Format: date-time */
            server_time: string;
        };
        /** OneEntryOut */
        OneEntryOut: {
            entry: components["schemas"]["EntryOut"];
            /** Format: date-time */
            server_time: string;
        };
        /**
         * Outbox
         * @description `held_up`: why waiting emails are not sent (`late`: one has waited for over an hour; `restored`: a backup was
         *     restored). `ok`: they are sent, and none has failed.
         */
        Outbox: {
            ok: boolean;
            held_up: ("restored" | "no_server" | "login_refused" | "late") | null;
            configured: boolean;
            detail: string | null;
            oldest_unsent_seconds: number | null;
            queued: number;
            failed: number;
            circuit: components["schemas"]["Circuit"];
            hold: components["schemas"]["Hold"] | null;
        };
        /**
         * OwnLogEntry
         * @description A change made by the user.
         */
        OwnLogEntry: {
            id: number;
            /** Format: date-time */
            at: string;
            action: string;
            entity: string;
            entity_id: number | null;
            before: {
                [key: string]: unknown;
            } | null;
            after: {
                [key: string]: unknown;
            } | null;
            network_address: string | null;
        };
        /**
         * OwnLotRole
         * @description A lot in which the account works, and its role there.
         */
        OwnLotRole: {
            lot_id: number;
            lot_name: string;
            /** @enum {string} */
            role: "viewer" | "attendant" | "manager";
        };
        /** PartStatus */
        PartStatus: {
            ok: boolean;
            detail: string;
        };
        /** PeriodOut */
        PeriodOut: {
            /** Format: date */
            from: string;
            /** Format: date */
            to: string;
            busiest_hour: components["schemas"]["BusiestOut"] | null;
        };
        /**
         * Person
         * @description An account that may join the staff.
         */
        Person: {
            id: number;
            email: string;
            username: string;
        };
        /** PersonAnswer */
        PersonAnswer: {
            user: components["schemas"]["Person"];
        };
        /** PersonSearch */
        PersonSearch: {
            /** @description The address of the account, in full */
            email: string;
        };
        /** PersonalAccount */
        PersonalAccount: {
            id: number;
            email: string;
            username: string;
            roles: ("user" | "admin")[];
            /** @description The lots to whose staff the account belongs, by name */
            lot_roles: components["schemas"]["OwnLotRole"][];
            active: boolean;
            /** @description Whether a link that was sent to the address has been used */
            email_confirmed: boolean;
            /** @description Whether the operator wants a second factor, which the account does not have yet */
            must_set_up_second_factor: boolean;
            timezone: string | null;
            /** @enum {string} */
            locale: "en" | "de";
            /** @enum {string} */
            theme: "system" | "light" | "dark";
            /** @enum {string} */
            csv_format: "auto" | "machine" | "comma" | "semicolon";
            plates: string[];
            needs: ("accessible" | "ev" | "covered")[];
            mail_preferences: {
                [key: string]: boolean;
            };
            /** Format: date-time */
            created_at: string;
            email_confirmed_at: string | null;
        };
        /**
         * PersonalApiToken
         * @description An API token, without its secret.
         */
        PersonalApiToken: {
            id: number;
            name: string;
            lot_ids: number[] | null;
            /** Format: date-time */
            created_at: string;
            expires_at: string | null;
            last_used_at: string | null;
            scopes: string[];
        };
        /**
         * PersonalBooking
         * @description `total_cost` and `duration_hours` of a booking that has not ended are those at the time of the export.
         */
        PersonalBooking: {
            id: number;
            reference: string;
            lot_id: number;
            lot_name: string;
            lot_timezone: string;
            spot_id: number;
            spot_number: number;
            /** @enum {string} */
            booking_type: "instant" | "reserved";
            /** @enum {string} */
            status: "Active" | "Reserved" | "Completed" | "Cancelled" | "No-show";
            /** Format: date-time */
            start_time: string;
            end_time: string | null;
            reserved_start: string | null;
            reserved_end: string | null;
            checked_in_at: string | null;
            checkin_grace_seconds: number | null;
            duration_hours: number | null;
            vehicle_plate: string | null;
            visitor_name: string | null;
            visitor_email: string | null;
            needs: ("accessible" | "ev" | "covered")[];
            series_id: number | null;
            ended_by: ("user" | "admin" | "system") | null;
            reason: string | null;
            /** Format: date-time */
            created_at: string;
            tariff: components["schemas"]["PersonalTariff"];
            total_cost: number | null;
            receipt_number: string | null;
        };
        /**
         * PersonalData
         * @description All stored data about one user, without secrets and without other users' data.
         */
        PersonalData: {
            /** Format: date-time */
            made_at: string;
            site: string;
            account: components["schemas"]["PersonalAccount"];
            bookings: components["schemas"]["PersonalBooking"][];
            waitlist: components["schemas"]["PersonalWaitlistEntry"][];
            series: components["schemas"]["PersonalSeries"][];
            mails: components["schemas"]["PersonalMail"][];
            notices: components["schemas"]["PersonalNotice"][];
            sign_ins: components["schemas"]["PersonalSignIn"][];
            links: components["schemas"]["PersonalLink"][];
            api_tokens: components["schemas"]["PersonalApiToken"][];
            lot_roles: components["schemas"]["PersonalLotRole"][];
            exports: components["schemas"]["PersonalExport"][];
            log_by_you: components["schemas"]["OwnLogEntry"][];
            log_about_you: components["schemas"]["PersonalLogEntry"][];
        };
        /** PersonalExport */
        PersonalExport: {
            id: number;
            kind: string;
            filters: {
                [key: string]: unknown;
            };
            state: string;
            rows: number;
            size_bytes: number | null;
            /** Format: date-time */
            created_at: string;
            finished_at: string | null;
        };
        /**
         * PersonalLink
         * @description A link that was sent by email, for a new password or address.
         */
        PersonalLink: {
            purpose: string;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            expires_at: string;
            used_at: string | null;
        };
        /**
         * PersonalLogEntry
         * @description A change of the account or its bookings by others or by the system.
         */
        PersonalLogEntry: {
            id: number;
            /** Format: date-time */
            at: string;
            action: string;
            entity: string;
            entity_id: number | null;
            before: {
                [key: string]: unknown;
            } | null;
            after: {
                [key: string]: unknown;
            } | null;
        };
        /**
         * PersonalLotRole
         * @description A lot to whose staff the user belongs.
         */
        PersonalLotRole: {
            lot_id: number;
            lot_name: string;
            role: string;
            /** Format: date-time */
            since: string;
        };
        /** PersonalMail */
        PersonalMail: {
            id: number;
            kind: string;
            subject: string;
            recipient: string;
            state: string;
            /** Format: date-time */
            created_at: string;
            sent_at: string | null;
            booking_id: number | null;
        };
        /**
         * PersonalNotice
         * @description `text` is what the page shows, a line each.
         */
        PersonalNotice: {
            id: number;
            kind: string;
            booking_id: number | null;
            /** Format: date-time */
            created_at: string;
            dismissed_at: string | null;
            text: string[];
        };
        /**
         * PersonalSeries
         * @description A series of bookings. `next_date`: the first of its dates that is not booked yet; plate and needs are stored
         *     until the last one is.
         */
        PersonalSeries: {
            id: number;
            lot_id: number;
            lot_name: string;
            start_time: string;
            end_time: string;
            days: string[];
            every_weeks: number;
            /** Format: date */
            from: string;
            /** Format: date */
            until: string;
            next_date: string | null;
            omitted_dates: string[];
            needs: ("accessible" | "ev" | "covered")[];
            vehicle_plate: string | null;
            wait_if_full: boolean;
            /** Format: date-time */
            created_at: string;
            ended_at: string | null;
        };
        /** PersonalSignIn */
        PersonalSignIn: {
            id: number;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            last_used_at: string;
            /** Format: date-time */
            expires_at: string;
            ended_at: string | null;
            user_agent: string | null;
            network_address: string | null;
        };
        /** PersonalTariff */
        PersonalTariff: {
            price_per_hour: number;
            currency: string;
            billing_step_seconds: number;
            free_minutes: number;
            daily_cap: number | null;
            /** @enum {string} */
            cap_day: "rolling" | "calendar";
            timezone: string;
        };
        /**
         * PersonalWaitlistEntry
         * @description One lot of an entry of the waitlist.
         */
        PersonalWaitlistEntry: {
            id: number;
            status: string;
            booking_type: string;
            lot_id: number;
            lot_name: string;
            reserved_start: string | null;
            reserved_end: string | null;
            /** Format: date-time */
            waits_until: string;
            vehicle_plate: string | null;
            booking_id: number | null;
            offered_at: string | null;
            told_at: string | null;
            /** Format: date-time */
            created_at: string;
            ended_at: string | null;
            series_id: number | null;
            reason: string | null;
            needs: string[];
        };
        /** PlaceEnvelope */
        PlaceEnvelope: {
            /** @description Null where you cannot join because a spot is free */
            waitlist: components["schemas"]["PlaceInQueueOut"] | null;
        };
        /** PlaceInQueueOut */
        PlaceInQueueOut: {
            /** @description The place that you would have, or have */
            position: number;
            /** @description Your own entry for this time, even if it has an offer */
            entry_id: number | null;
        };
        /** PreviewEnvelope */
        PreviewEnvelope: {
            preview: components["schemas"]["PreviewOut"];
        };
        /** PreviewOut */
        PreviewOut: {
            kind: string;
            subject: string;
            text: string;
            html: string;
            headers: components["schemas"]["Header"][];
        };
        /** @description RFC 9457. Some codes have more members (for example `alternatives` of a full lot). */
        Problem: {
            type: string;
            title: string;
            status: number;
            /** @description One sentence for a person. */
            detail: string;
            /** @description Stable, for programs. */
            code: string;
            /** @description Field, `body` or `query` -> sentences. */
            errors: {
                [key: string]: string[];
            };
            request_id: string | null;
            /** @description Equal to `detail`. */
            message: string;
        };
        /** Processing */
        Processing: {
            message: string;
            /** @constant */
            status: "processing";
            task_id: string;
        };
        /**
         * ProfileChange
         * @description Only the fields that are sent are changed. Null `timezone`: the operator's; null `locale`: English.
         */
        ProfileChange: {
            username?: string;
            timezone?: string | null;
            locale?: ("en" | "de") | null;
            /** @enum {string} */
            theme?: "system" | "light" | "dark";
            /**
             * @description How your CSV files are written
             * @enum {string}
             */
            csv_format?: "auto" | "machine" | "comma" | "semicolon";
            plates?: string[];
            /** @description Features of a spot that you usually need; pages begin with them */
            needs?: ("accessible" | "ev" | "covered")[];
            mail_preferences?: Record<string, never>;
        };
        /** Program */
        Program: {
            ok: boolean;
            detail: string;
            last_seen: string | null;
        };
        /** PublicLotOut */
        PublicLotOut: {
            id: number;
            name: string;
            address: string | null;
            price_per_hour: number;
            currency: string;
            tariff: components["schemas"]["TariffOut"];
            available_spots: number;
            capacity: number;
        };
        /** PublicLotPageOut */
        PublicLotPageOut: {
            id: number;
            name: string;
            address: string | null;
            price_per_hour: number;
            currency: string;
            tariff: components["schemas"]["TariffOut"];
            available_spots: number;
            capacity: number;
            description: string | null;
            timezone: string;
            features: components["schemas"]["FeaturesOut"];
        };
        /** PublicLotsOut */
        PublicLotsOut: {
            lots: components["schemas"]["PublicLotOut"][];
        };
        /** PublicSpotOut */
        PublicSpotOut: {
            id: number;
            spot_number: number;
            /** @enum {string} */
            status: "Available" | "Occupied" | "Reserved" | "Out of service";
            level: string | null;
            ev: boolean;
            accessible: boolean;
            covered: boolean;
        };
        /** PublicSpotsOut */
        PublicSpotsOut: {
            lot: components["schemas"]["PublicLotPageOut"];
            spots: components["schemas"]["PublicSpotOut"][];
        };
        /** QuoteEnvelope */
        QuoteEnvelope: {
            quote: components["schemas"]["QuoteOut"];
        };
        /** QuoteOut */
        QuoteOut: {
            lot_id: number;
            /** Format: date-time */
            from: string;
            /** Format: date-time */
            to: string;
            duration_hours: number;
            price_per_hour: number;
            currency: string;
            lines: components["schemas"]["LineOut"][];
            total_cost: number;
            /** @description Null where no needs were given */
            matching: components["schemas"]["MatchingOut"] | null;
        };
        /**
         * RangeCancelled
         * @description `bookings`: those that are cancelled, `count` of them. `series_dates`: dates of your series that are not booked
         *     yet and that will not be. `waits`: your places on the waitlist that are given up.
         */
        RangeCancelled: {
            message: string;
            count: number;
            bookings: components["schemas"]["BookingOut"][];
            series_dates: components["schemas"]["SkippedDate"][];
            waits: components["schemas"]["WaitGivenUp"][];
            dry_run: boolean;
        };
        /**
         * RangeIn
         * @description Your reservations, the dates of your series that are not booked yet, and the windows for which you wait, if they
         *     begin from `from` on and before `until`. Times without an offset are those of each lot.
         */
        RangeIn: {
            /** @description RFC 3339; without an offset, the lot's local time */
            from: string;
            /** @description RFC 3339; without an offset, the lot's local time */
            until: string;
            /**
             * @description Only says which they are
             * @default false
             */
            dry_run: boolean;
        };
        /** Ready */
        Ready: {
            /** @constant */
            status: "ok";
            warnings: string[];
        };
        /** ReasonIn */
        ReasonIn: {
            reason: string;
        };
        /** ReceiptEnvelope */
        ReceiptEnvelope: {
            receipt: components["schemas"]["ReceiptOut"];
        };
        /** ReceiptOut */
        ReceiptOut: {
            number: string;
            /** Format: date-time */
            issued_at: string;
            site_name: string;
            booking: components["schemas"]["BookingOut"];
            customer: {
                [key: string]: unknown;
            };
            /** Format: date-time */
            charged_from: string;
            /** Format: date-time */
            charged_to: string;
            lines: components["schemas"]["LineOut"][];
            total_cost: number;
            currency: string;
        };
        /**
         * RecoveryCodes
         * @description They are shown this once.
         */
        RecoveryCodes: {
            message: string;
            token: string;
            /** @description Seconds for which the token is valid. */
            expires_in: number;
            recovery_codes: string[];
        };
        /** Register */
        Register: {
            /** Format: email */
            email: string;
            /** Format: password */
            password: string;
            /**
             * @description The language of the account's pages and mails.
             * @default en
             * @enum {string}
             */
            locale: "en" | "de";
            /** @description Empty or absent: the part of the address before the @, made unique. */
            username?: string | null;
        };
        /**
         * Release
         * @description `discard`: the mails that waited are never sent.
         */
        Release: {
            /** @default false */
            discard: boolean;
        };
        /** ReleasedOut */
        ReleasedOut: {
            message: string;
            booking: components["schemas"]["BookingOut"];
            total_cost: number;
        };
        /**
         * Renewed
         * @description The session has been renewed: the token before, and its refresh cookie, no longer work.
         */
        Renewed: {
            message: string;
            token: string;
            /** @description Seconds for which the token is valid. */
            expires_in: number;
        };
        /**
         * Replica
         * @description `state` and `lag_seconds` are null where the database does not show them; the lag also until it is measured.
         */
        Replica: {
            name: string;
            state: string | null;
            lag_seconds: number | null;
        };
        /**
         * Replicas
         * @description The replicas of PostgreSQL that are connected. `visible`: the database shows their state to this program.
         */
        Replicas: {
            ok: boolean;
            detail: string;
            visible: boolean;
            replicas: components["schemas"]["Replica"][];
        };
        /** ReservedIn */
        ReservedIn: {
            lot_id: number;
            /** @default null */
            spot_id: number | null;
            /** @default null */
            vehicle_plate: string | null;
            /** @default null */
            needs: ("accessible" | "ev" | "covered")[] | null;
            /** @constant */
            booking_type: "reserved";
            /** @description RFC 3339; without an offset, the lot's local time */
            reserved_start: string;
            /** @description RFC 3339; without an offset, the lot's local time */
            reserved_end: string;
        };
        /** Reset */
        Reset: {
            /** @description The token in the link. */
            token: string;
            /** Format: password */
            password: string;
        };
        /** ScheduleOut */
        ScheduleOut: {
            schedule: components["schemas"]["Line"][];
        };
        /**
         * SearchOut
         * @description At most five of each. `plates` has one booking for each plate: one that is under way or to come, else the
         *     newest.
         */
        SearchOut: {
            lots: components["schemas"]["LotMatch"][];
            spots: components["schemas"]["SpotMatch"][];
            plates: components["schemas"]["BookingMatch"][];
            users: components["schemas"]["UserMatch"][];
            bookings: components["schemas"]["BookingMatch"][];
        };
        /** SeriesBooked */
        SeriesBooked: {
            message: string;
            series: components["schemas"]["SeriesOut"];
            bookings: components["schemas"]["BookingOut"][];
        };
        /**
         * SeriesEnded
         * @description `bookings`: those that were cancelled, `count` of them.
         */
        SeriesEnded: {
            message: string;
            series: components["schemas"]["SeriesOut"];
            bookings: components["schemas"]["BookingOut"][];
            count: number;
        };
        /**
         * SeriesEnvelope
         * @description `bookings`: all of the series, the first one first.
         */
        SeriesEnvelope: {
            series: components["schemas"]["SeriesOut"];
            bookings: components["schemas"]["BookingOut"][];
            /** Format: date-time */
            server_time: string;
        };
        /** SeriesIn */
        SeriesIn: {
            lot_id: number;
            start_time: string;
            end_time: string;
            days: ("mo" | "tu" | "we" | "th" | "fr" | "sa" | "su")[];
            /** @default 1 */
            every_weeks: number;
            /** Format: date */
            from: string;
            until?: string | null;
            count?: number | null;
            /** @description This spot where it is free; else another one */
            spot_id?: number | null;
            vehicle_plate?: string | null;
            needs?: ("accessible" | "ev" | "covered")[] | null;
            /** @description The dates to be booked, all of them or none. Without it, every date of the rule; then each of them must be `ok`, `other_spot` or `later` */
            accept?: string[] | null;
            /**
             * @description Join the waitlist where, once a `later` date can be booked, no spot is free on it
             * @default false
             */
            wait_if_full: boolean;
        };
        /** SeriesList */
        SeriesList: {
            series: components["schemas"]["SeriesOut"][];
            next: string | null;
        };
        /**
         * SeriesOut
         * @description `next_date`: the next one that is too far ahead to be booked yet; null: there is none. `open_bookings`: its
         *     bookings that run or are to come.
         */
        SeriesOut: {
            id: number;
            lot_id: number;
            lot_name: string;
            lot_timezone: string;
            start_time: string;
            end_time: string;
            days: ("mo" | "tu" | "we" | "th" | "fr" | "sa" | "su")[];
            every_weeks: number;
            /** Format: date */
            from: string;
            /** Format: date */
            until: string;
            next_date: string | null;
            open_bookings: number;
            needs: ("accessible" | "ev" | "covered")[];
            wait_if_full: boolean;
            /** Format: date-time */
            created_at: string;
            ended_at: string | null;
        };
        /**
         * SeriesPreview
         * @description `total_cost` is that of all dates that are available.
         */
        SeriesPreview: {
            dates: components["schemas"]["DateOut"][];
            total_cost: number;
            currency: string;
            lot_timezone: string;
        };
        /**
         * SeriesRule
         * @description Reservations at the same wall times of the lot, on `days` of every n-th week from `from` on: until a date
         *     (included), or `count` of them. An end that is not later than the start is on the next day. A date of today whose
         *     start has passed is left out.
         */
        SeriesRule: {
            lot_id: number;
            start_time: string;
            end_time: string;
            days: ("mo" | "tu" | "we" | "th" | "fr" | "sa" | "su")[];
            /** @default 1 */
            every_weeks: number;
            /** Format: date */
            from: string;
            until?: string | null;
            count?: number | null;
            /** @description This spot where it is free; else another one */
            spot_id?: number | null;
            vehicle_plate?: string | null;
            needs?: ("accessible" | "ev" | "covered")[] | null;
        };
        /** Session */
        Session: {
            id: number;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            last_used_at: string;
            user_agent: string | null;
            ip: string | null;
            current: boolean;
        };
        /** Sessions */
        Sessions: {
            sessions: components["schemas"]["Session"][];
        };
        /** Setup */
        Setup: {
            /** Format: email */
            email: string;
            /** Format: password */
            password: string;
            /**
             * @description The language of the account's pages and mails.
             * @default en
             * @enum {string}
             */
            locale: "en" | "de";
            username: string;
            /** @description The token in the link. */
            token: string;
        };
        /** ShortenIn */
        ShortenIn: {
            /** @description The new end, which is earlier; without an offset, the lot's local time */
            until: string;
        };
        /**
         * SignIns
         * @description Browsers that stay signed in without the password.
         */
        SignIns: {
            count: number;
            last_used_at: string | null;
            /** @description Whether signing in asks for a code as well */
            second_factor: boolean;
        };
        /** SignInsAnswer */
        SignInsAnswer: {
            sign_ins: components["schemas"]["SignIns"];
        };
        /** SignedIn */
        SignedIn: {
            message: string;
            user: components["schemas"]["User"];
            token: string;
            /** @description Seconds for which the token is valid. */
            expires_in: number;
        };
        /** SignedOut */
        SignedOut: {
            message: string;
            /** @description Number of browsers that were signed out. */
            ended: number;
        };
        /** Site */
        Site: {
            site_name: string;
            currency: string;
            timezone: string;
            locales: ("en" | "de")[];
            password_min_length: number;
            mail_configured: boolean;
            public_lots: boolean;
            email_proof: boolean;
            /** @description Open bookings for guests that a driver may have; 0: none */
            guests_per_user: number;
            /** Format: date-time */
            server_time: string;
            operator_name: string | null;
            /** @description An email address, a phone number or a web address */
            operator_contact: string | null;
            /** @description The contact as a link: mailto:, tel: or https: */
            operator_contact_url: string | null;
            imprint_url: string | null;
            privacy_url: string | null;
        };
        /** SiteEnvelope */
        SiteEnvelope: {
            site: components["schemas"]["Site"];
        };
        /** SkippedDate */
        SkippedDate: {
            series_id: number;
            lot_name: string;
            /** Format: date */
            date: string;
        };
        /**
         * SpotEdit
         * @description `out_of_service` without a time: from now on, until it is set to false; with `from` or `until`: a closure for
         *     this window (without `until` it has no end).
         */
        SpotEdit: {
            out_of_service?: boolean | null;
            from?: string | null;
            until?: string | null;
            reason?: string | null;
            level?: string | null;
            ev?: boolean | null;
            accessible?: boolean | null;
            covered?: boolean | null;
        };
        /** SpotMatch */
        SpotMatch: {
            id: number;
            spot_number: number;
            level: string | null;
            lot_id: number;
            lot_name: string;
        };
        /** SpotMessage */
        SpotMessage: {
            message: string;
            spot: components["schemas"]["SpotOut"];
            /**
             * @description The number of bookings that were moved to other spots
             * @default 0
             */
            moved: number;
        };
        /** SpotOut */
        SpotOut: {
            id: number;
            lot_id: number;
            spot_number: number;
            /** @enum {string} */
            status: "Available" | "Occupied" | "Reserved" | "Out of service";
            level: string | null;
            ev: boolean;
            accessible: boolean;
            covered: boolean;
            /** @description For the lot's staff; null for others */
            out_of_service_reason: string | null;
            /** @description Those that run or are to come, by their start */
            closures: components["schemas"]["ClosureOut"][];
            mine: boolean;
            reservations: components["schemas"]["ComingOut"][];
            /** @default null */
            booking: components["schemas"]["SpotStayOut"] | null;
        };
        /** SpotStayOut */
        SpotStayOut: {
            id: number;
            reference: string;
            user_id: number;
            user_email: string;
            username: string;
            visitor_name: string | null;
            /** Format: date-time */
            start_time: string;
            /** Format: date-time */
            held_until: string;
            running_cost: number;
            /** @enum {string} */
            booking_type: "instant" | "reserved";
        };
        /**
         * SpotsEdit
         * @description The same for many spots of a lot, named by their numbers.
         */
        SpotsEdit: {
            out_of_service?: boolean | null;
            from?: string | null;
            until?: string | null;
            reason?: string | null;
            level?: string | null;
            ev?: boolean | null;
            accessible?: boolean | null;
            covered?: boolean | null;
            numbers: number[];
        };
        /** SpotsMessage */
        SpotsMessage: {
            lot: components["schemas"]["LotOut"];
            message: string;
            changed: number;
            /** @description The number of bookings that were moved to other spots */
            moved: number;
        };
        /** SpotsOut */
        SpotsOut: {
            lot: components["schemas"]["LotOut"];
            spots: components["schemas"]["SpotOut"][];
        };
        /** StaffList */
        StaffList: {
            staff: components["schemas"]["StaffMember"][];
        };
        /**
         * StaffMember
         * @description A user on the staff of a lot. `active`: whether the account may sign in; `since`: when they joined.
         */
        StaffMember: {
            user_id: number;
            username: string;
            email: string;
            active: boolean;
            /** @enum {string} */
            role: "viewer" | "attendant" | "manager";
            /** Format: date-time */
            since: string;
        };
        /**
         * StaffRole
         * @description The role of a user in a lot.
         */
        StaffRole: {
            /** @enum {string} */
            role: "viewer" | "attendant" | "manager";
            /** @description The address of the account, in full. A manager has to send it with somebody who is not on the staff of the lot yet: so nobody learns from numbers who has an account. Administrators may leave it out. */
            email?: string | null;
        };
        /** StaffSaved */
        StaffSaved: {
            staff: components["schemas"]["StaffMember"][];
            message: string;
        };
        /**
         * State
         * @description `required`: the operator wants a second factor of this account.
         */
        State: {
            on: boolean;
            since: string | null;
            required: boolean;
            recovery_codes_left: number;
        };
        /** StateAnswer */
        StateAnswer: {
            second_factor: components["schemas"]["State"];
        };
        /**
         * StayOut
         * @description Stays that ended in the period and lasted from_minutes to less than to_minutes.
         */
        StayOut: {
            from_minutes: number;
            to_minutes: number | null;
            count: number;
            bookings_query: string;
        };
        /** System */
        System: {
            database: components["schemas"]["Database"];
            redis: components["schemas"]["PartStatus"];
            worker: components["schemas"]["Program"];
            beat: components["schemas"]["Program"];
            outbox: components["schemas"]["Outbox"];
            disk: components["schemas"]["Disk"];
            names: components["schemas"]["Names"];
            backup: components["schemas"]["Backup"];
            /** @description Null where mail is sent without TLS */
            mail_certificate: components["schemas"]["MailCertificate"] | null;
            /** @description Null on SQLite, and where there is no replica */
            replicas: components["schemas"]["Replicas"] | null;
            encryption: components["schemas"]["Encryption"];
            version: string;
        };
        /** SystemEnvelope */
        SystemEnvelope: {
            system: components["schemas"]["System"];
        };
        /** TariffOut */
        TariffOut: {
            id: number;
            price_per_hour: number;
            billing_step_seconds: number;
            free_minutes: number;
            daily_cap: number | null;
            /** @enum {string} */
            cap_day: "rolling" | "calendar";
        };
        /** Token */
        Token: {
            /** @description The token in the link. */
            token: string;
        };
        /** TotalsOut */
        TotalsOut: {
            count: number;
            total_cost: number | null;
            currency: string | null;
        };
        /** TurnOff */
        TurnOff: {
            /** Format: password */
            password: string;
            /** @description A code of the app, or a recovery code */
            code: string;
        };
        /**
         * TurnedAwayOut
         * @description The waitlist: `joined` counts the entries made in the period, the others those that ended so in it.
         */
        TurnedAwayOut: {
            joined: number;
            claimed: number;
            lapsed: number;
            declined: number;
            left: number;
            expired: number;
        };
        /** User */
        User: {
            id: number;
            email: string;
            username: string;
            roles: ("user" | "admin")[];
            /** @description The lots to whose staff the account belongs, by name */
            lot_roles: components["schemas"]["OwnLotRole"][];
            active: boolean;
            /** @description Whether a link that was sent to the address has been used */
            email_confirmed: boolean;
            /** @description Whether the operator wants a second factor, which the account does not have yet */
            must_set_up_second_factor: boolean;
            timezone: string | null;
            /** @enum {string} */
            locale: "en" | "de";
            /** @enum {string} */
            theme: "system" | "light" | "dark";
            /** @enum {string} */
            csv_format: "auto" | "machine" | "comma" | "semicolon";
            plates: string[];
            needs: ("accessible" | "ev" | "covered")[];
            mail_preferences: {
                [key: string]: boolean;
            };
            /** Format: date-time */
            created_at: string;
        };
        /** UserAnswer */
        UserAnswer: {
            user: components["schemas"]["User"];
        };
        /**
         * UserChange
         * @description Only the fields that are sent are changed.
         */
        UserChange: {
            active?: boolean | null;
            roles?: ("user" | "admin")[] | null;
        };
        /** UserLotOut */
        UserLotOut: {
            lot_id: number;
            name: string;
            visits: number;
            parked_seconds: number;
            spent: number;
        };
        /** UserMatch */
        UserMatch: {
            id: number;
            username: string;
            email: string;
            active: boolean;
        };
        /**
         * UserMonthOut
         * @description A month in local days of each lot: the bookings that started in it, and the cost of those that ended in it.
         */
        UserMonthOut: {
            month: string;
            bookings: number;
            spending: number;
        };
        /** UserStatsEnvelope */
        UserStatsEnvelope: {
            stats: components["schemas"]["UserStatsOut"];
            /** @description Cost of all your bookings */
            total_spent: number;
            /** @description Six months, the current one last */
            monthly_bookings: components["schemas"]["UserMonthOut"][];
        };
        /** UserStatsOut */
        UserStatsOut: {
            month: string;
            /** Format: date-time */
            as_of: string;
            partial: boolean;
            currency: string;
            visits: number;
            parked_seconds: number;
            spent: number;
            favourite: string | null;
            lots: components["schemas"]["UserLotOut"][];
        };
        /**
         * Users
         * @description `deleted`: how many of the accounts created on the given days have been deleted; they are not listed.
         */
        Users: {
            users: components["schemas"]["ListedUser"][];
            next: string | null;
            total: number;
            deleted: number | null;
        };
        /** VisitorBookingEnvelope */
        VisitorBookingEnvelope: {
            booking: components["schemas"]["VisitorBookingOut"];
        };
        /**
         * VisitorBookingOut
         * @description A booking as its visitor sees it.
         */
        VisitorBookingOut: {
            reference: string;
            visitor_name: string;
            lot_name: string;
            lot_address: string | null;
            lot_timezone: string;
            spot_number: number;
            /** @enum {string} */
            booking_type: "instant" | "reserved";
            /** @enum {string} */
            status: "Active" | "Reserved" | "Completed" | "Cancelled" | "No-show";
            /** Format: date-time */
            start_time: string;
            end_time: string | null;
            reserved_start: string | null;
            reserved_end: string | null;
            held_until: string | null;
            checkin_deadline: string | null;
            vehicle_plate: string | null;
            currency: string;
            tariff: components["schemas"]["TariffOut"];
            /** @description The final cost; the window's price while Reserved; 0 while Active */
            total_cost: number;
            /** @description The driver whose guest it is, who pays; null: staff booked */
            host_name: string | null;
            can_cancel: boolean;
        };
        /** VisitorCancelledOut */
        VisitorCancelledOut: {
            booking: components["schemas"]["VisitorBookingOut"];
            message: string;
        };
        /**
         * VisitorIn
         * @description A spot for somebody without an account: from now on, or for a window.
         */
        VisitorIn: {
            name: string;
            email?: string | null;
            vehicle_plate?: string | null;
            reserved_start?: string | null;
            reserved_end?: string | null;
            locale?: ("en" | "de") | null;
        };
        /** WaitGivenUp */
        WaitGivenUp: {
            entry_id: number;
            /** @description Of several lots, with commas between them */
            lot_name: string;
            lot_timezone: string;
            /** Format: date-time */
            reserved_start: string;
            /** Format: date-time */
            reserved_end: string;
        };
        /** WindowOut */
        WindowOut: {
            /** Format: date-time */
            from: string;
            /** Format: date-time */
            to: string;
        };
        /** WithCode */
        WithCode: {
            /** @description A code of the app, or a recovery code */
            code: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
