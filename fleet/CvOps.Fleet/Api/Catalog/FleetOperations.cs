using System.Globalization;
using CvOps.Contracts.Api;
using CvOps.Contracts.Doctor;

namespace CvOps.Fleet.Api.Catalog;

internal static class FleetOperations
{
    private static readonly Feature Fleet = new("Fleet");

    public static IReadOnlyList<ApiOperation> All { get; } =
    [
        Fleet.Get<FleetOverview>("/fleet", "getFleet", "The fleet in one look: counts, and what a person should see first."),
        Fleet.Get<DoctorReport>("/doctor", "getDoctor", "What the fleet finds when it looks at broker, certificates, clock, disk, database and models, and how to mend each."),
        Fleet.Page<AuditPage>("/audit", "listAudit", "Who decided what, in the order in which it happened.", page => page.Entries.Count > 0 ? page.Next.ToString(CultureInfo.InvariantCulture) : null),
        Fleet.Get("/events", "streamEvents", "Server-sent events: what changed, as it changes. Last-Event-ID goes on where a connection broke.", "text/event-stream"),
        Fleet.Get("/events/pages", "streamPageEvents", "Server-sent events for open pages: which kinds of things changed, and at what pace to look.", "text/event-stream"),
        Fleet.Page<DeadLetterPage>("/deadletters", "listDeadLetters", "Messages that could not be read or applied, newest first, with how many there are of which device and reason.", page => page.Next?.ToString(CultureInfo.InvariantCulture)) with { Cursor = "before" },
        Fleet.Post<DeadLetterAction, DeadLetterOutcome>("/deadletters/{row:long}/retry", "retryDeadLetter", "Applies a message that was set aside, once, if it can be read by now."),
        Fleet.Post<DeadLetterAction, DeadLetterOutcome>("/deadletters/{row:long}/discard", "discardDeadLetter", "Throws a message that was set aside away."),
    ];
}
