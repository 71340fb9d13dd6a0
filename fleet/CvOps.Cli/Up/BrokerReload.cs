using System.Diagnostics;
using CvOps.Contracts.Identity;

namespace CvOps.Cli.Up;

/// <summary>Tells the stack's broker to read the revocation list again when the fleet has written a new one.</summary>
internal sealed class BrokerReload : IAsyncDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(500);
    private readonly CancellationTokenSource _ends = new();
    private readonly Task _loop;

    /// <param name="broker">The process id while the broker runs.</param>
    public BrokerReload(StackLayout layout, Func<int?> broker) => _loop = WatchAsync(Path.Combine(layout.Certificates, BrokerConfig.RevocationFileName), broker, _ends.Token);

    public async ValueTask DisposeAsync()
    {
        await _ends.CancelAsync();
        await _loop;
        _ends.Dispose();
    }

    private static async Task WatchAsync(string list, Func<int?> broker, CancellationToken ct)
    {
        var seen = File.GetLastWriteTimeUtc(list);
        using var timer = new PeriodicTimer(Pace);
        try
        {
            while (await timer.WaitForNextTickAsync(ct))
            {
                var written = File.GetLastWriteTimeUtc(list);
                // A broker that is just being started reads the list anyway.
                if (written == seen || broker() is not { } id) continue;
                seen = written;
                using var kill = Process.Start("kill", ["-HUP", $"{id}"]);
                await kill.WaitForExitAsync(ct);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }
}
