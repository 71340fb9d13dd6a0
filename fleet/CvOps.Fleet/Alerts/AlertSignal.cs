using System.Threading.Channels;

namespace CvOps.Fleet.Alerts;

/// <summary>Wakes the alerts' loops of this process before their time; one that waits tells as much as ten.</summary>
internal sealed class AlertSignal
{
    private readonly Channel<bool> _look = Once();
    private readonly Channel<bool> _deliver = Once();

    public void Look() => _look.Writer.TryWrite(true);

    public void Deliver() => _deliver.Writer.TryWrite(true);

    public Task WaitToLookAsync(TimeSpan most, TimeProvider time, CancellationToken cancel) => WaitAsync(_look, most, time, cancel);

    public Task WaitToDeliverAsync(TimeSpan most, TimeProvider time, CancellationToken cancel) => WaitAsync(_deliver, most, time, cancel);

    private static async Task WaitAsync(Channel<bool> channel, TimeSpan most, TimeProvider time, CancellationToken cancel)
    {
        using var patience = new CancellationTokenSource(most, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancel);
        try
        {
            await channel.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            // Time to look anyway.
        }
    }

    private static Channel<bool> Once() => Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
}
