using CvOps.Contracts;
using CvOps.Contracts.Identity;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;

namespace CvOps.Fleet.Ingest;

/// <summary>
/// Whoever lives on what devices say: drift, rollouts. Registered in the container; asked one after the other, in order of registration,
/// after the message is durable and before the broker gets its acknowledgement.
/// </summary>
/// <remarks>
/// At least once: a crash between the durable write and the acknowledgement makes the broker deliver again, the fleet's own tables
/// leave the message out as a duplicate, and the observers hear of it again. So an observer keeps its own <see cref="DuplicateWindow"/>
/// over <see cref="Origin"/>, or is idempotent. Messages of one device arrive in the order it sent them. A call that throws is repeated a few
/// times and then logged as an error and dropped: one broken observer may not stop the ingest of everybody.
/// </remarks>
internal interface IFleetObserver
{
    /// <summary>Inspections of one device, in order.</summary>
    ValueTask OnInspections(DeviceId device, IReadOnlyList<Inspection> inspections, CancellationToken cancel) => ValueTask.CompletedTask;

    ValueTask OnDriftWindow(DriftWindow window, CancellationToken cancel) => ValueTask.CompletedTask;

    /// <summary>This window raised an alarm of its camera's drift. Once, or again after a crash.</summary>
    ValueTask OnDriftAlarm(DriftWindow window, CancellationToken cancel) => ValueTask.CompletedTask;

    ValueTask OnTwinReported(DeviceId device, TwinReported reported, CancellationToken cancel) => ValueTask.CompletedTask;

    /// <summary>A device asks for its next certificate.</summary>
    ValueTask OnCertificateRequested(ParsedTopic topic, CertificateRenewal request, CancellationToken cancel) => ValueTask.CompletedTask;
}
