using CvOps.Agent.Link;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;

namespace CvOps.CrashMatrix;

/// <summary>A far side that is always there and takes everything at once; allocates nothing.</summary>
internal sealed class WillingLink : IFleetLink
{
    private long _taken;

    /// <summary>Messages so far.</summary>
    public long Taken => Interlocked.Read(ref _taken);

    public LinkState State => LinkState.Connected;

    public string? Problem => null;

    public int Window => 64;

    public Task RunAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task WhenConnectedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask<PublishOutcome> SendAsync(string topic, ReadOnlyMemory<byte> payload, uint expirySeconds, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _taken);
        return ValueTask.FromResult(PublishOutcome.Acknowledged);
    }

    public void Announce(DeviceBirth birth)
    {
    }

    public void Report(TwinReported reported)
    {
    }

    public ValueTask<PublishOutcome> RespondAsync(CommandResponse response, CancellationToken cancellationToken) => ValueTask.FromResult(PublishOutcome.Acknowledged);
}
