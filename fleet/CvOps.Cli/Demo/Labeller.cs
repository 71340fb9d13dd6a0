using CvOps.Contracts.Api;

namespace CvOps.Cli.Demo;

/// <summary>Plays the person at the label queue: takes frames in the queue's order and says what the part truly is, through the API a person uses.</summary>
/// <param name="truth">The true class of a frame; null when it can't be told, and the frame is skipped as a person would.</param>
internal sealed class Labeller(FleetClient fleet, Func<FrameView, CancellationToken, Task<string?>> truth) : IAsyncDisposable
{
    /// <summary>Name under which the labels stand in the audit log.</summary>
    public const string Name = "demo-labeller";

    private readonly CancellationTokenSource _stopping = new();
    private Task _working = Task.CompletedTask;
    private int _labelled;
    private int _skipped;

    public int Labelled => Volatile.Read(ref _labelled);

    public int Skipped => Volatile.Read(ref _skipped);

    /// <summary>Why the person stopped working; null while at it.</summary>
    public string? Trouble { get; private set; }

    public void Start() => _working = Work(_stopping.Token);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _working;
        _stopping.Dispose();
    }

    private async Task Work(CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            try
            {
                var page = await fleet.Get<FramePage>("frames?state=unlabelled&limit=20", ct);
                foreach (var frame in page.Frames) await Label(frame, ct);
                if (page.Frames.Count == 0) await Task.Delay(TimeSpan.FromSeconds(0.5), ct);
                Trouble = null;
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is CliException or HttpRequestException)
            {
                // A person, too, tries again when the page does not load.
                Trouble = e.Message;
                await Task.Delay(TimeSpan.FromSeconds(1), CancellationToken.None);
            }
        }
    }

    private async Task Label(FrameView frame, CancellationToken ct)
    {
        var word = await truth(frame, ct);
        await fleet.Put<LabelRequest, FrameView>($"frames/{frame.Id}/label", new LabelRequest(word, Name, Skip: word is null), ct);
        Interlocked.Increment(ref word is null ? ref _skipped : ref _labelled);
    }
}
