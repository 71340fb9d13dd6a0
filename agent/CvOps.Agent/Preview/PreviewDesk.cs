using CvOps.Agent.Inference;
using CvOps.Contracts;

namespace CvOps.Agent.Preview;

/// <summary>
/// Who looks at which camera, and until when: a person who asks for a live view gets a frame now and then with what the model said of it, for a bounded
/// time. Nobody looking costs a comparison a frame.
/// </summary>
internal sealed class PreviewDesk(TimeProvider time) : IInspectedFrameSink
{
    /// <summary>Longest that one command lasts; who looks on asks again.</summary>
    public const int MostSeconds = 60;

    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private readonly Dictionary<CameraId, Watch> _watches = [];
    private PreviewFrame? _waiting;
    private volatile bool _any;

    /// <summary>Signalled when there is a frame to send.</summary>
    public SemaphoreSlim Ready { get; } = new(0);

    /// <summary>Shows a camera for so long from now on.</summary>
    public void Show(CameraId camera, TimeSpan length)
    {
        lock (_gate)
        {
            _watches[camera] = new Watch(time.GetUtcNow() + length, default);
            _any = true;
        }
    }

    /// <summary>The newest frame that waits; null when there is none.</summary>
    public PreviewFrame? Take()
    {
        lock (_gate)
        {
            var frame = _waiting;
            _waiting = null;
            return frame;
        }
    }

    public void Inspected(in InspectedFrame inspected)
    {
        if (!_any || inspected.Error is not null) return;
        var now = time.GetUtcNow();
        lock (_gate)
        {
            if (!_watches.TryGetValue(inspected.Camera, out var watch)) return;
            if (now >= watch.Until)
            {
                _watches.Remove(inspected.Camera);
                _any = _watches.Count > 0;
                return;
            }
            // One that was not fetched yet is not overtaken: a link that is slow shows less, never later.
            if (now < watch.Next || _waiting is not null) return;
            _watches[inspected.Camera] = watch with { Next = now + Between };
            _waiting = PreviewFrame.Of(inspected);
        }
        Ready.Release();
    }

    private readonly record struct Watch(DateTimeOffset Until, DateTimeOffset Next);
}
