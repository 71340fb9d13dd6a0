using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;

namespace CvOps.Agent.Link;

internal enum LinkState { Disconnected, Connecting, Connected }

internal enum PublishVerdict
{
    /// <summary>The other side has it.</summary>
    Acknowledged,

    /// <summary>It may or may not have it: send it again.</summary>
    Unknown,

    /// <summary>It ended the connection over what it was sent: send again, but alone, to find out which message it is.</summary>
    Suspect,

    /// <summary>It will never take this message.</summary>
    Refused,
}

/// <param name="Reason">Why it was not acknowledged; null when it was.</param>
internal readonly record struct PublishOutcome(PublishVerdict Verdict, string? Reason)
{
    public static PublishOutcome Acknowledged { get; } = new(PublishVerdict.Acknowledged, null);

    public static PublishOutcome Unheard { get; } = new(PublishVerdict.Unknown, "nobody gets it any more; a broker that was started again has lost the fleet's subscription until the fleet is back");
}

/// <summary>A way to the fleet. It connects and reconnects by itself while <see cref="RunAsync"/> runs; what comes in goes to the <see cref="FleetInbox"/>.</summary>
internal interface IFleetLink
{
    LinkState State { get; }

    /// <summary>Why it is not connected, in a sentence that says what to do; null when it is, or never was asked.</summary>
    string? Problem { get; }

    /// <summary>
    /// Changes before each attempt to connect: what was acknowledged while it was another number came over another connection. Always 0 for a side that
    /// acknowledges nothing it could forget.
    /// </summary>
    int Attempts => 0;

    /// <summary>Messages the other side lets be unacknowledged at once, at least 1; good once connected.</summary>
    int Window { get; }

    /// <summary>Until cancelled; then says goodbye.</summary>
    Task RunAsync(CancellationToken cancellationToken);

    /// <summary>Completes at once when connected.</summary>
    Task WhenConnectedAsync(CancellationToken cancellationToken);

    /// <summary>Sends one message at least once. Never throws for what the network or the other side does.</summary>
    /// <param name="payload">Must stay as it is until the answer.</param>
    /// <param name="expirySeconds">After so long nobody needs to deliver it any more; 0: never.</param>
    /// <returns>To be awaited once.</returns>
    ValueTask<PublishOutcome> SendAsync(string topic, ReadOnlyMemory<byte> payload, uint expirySeconds, CancellationToken cancellationToken);

    /// <summary>What the device says of itself. Only the newest counts: it is sent now, or when connected again.</summary>
    void Report(TwinReported reported);

    /// <summary>What the device is, for programs that come later; the newest counts. Nothing where the other side keeps no messages.</summary>
    void Announce(DeviceBirth birth);

    /// <summary>Answers a command.</summary>
    ValueTask<PublishOutcome> RespondAsync(CommandResponse response, CancellationToken cancellationToken);
}
