using CvOps.Agent.Capture;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Configuration.Remote;

/// <summary>Counts the frames of cameras that run over the last moments.</summary>
internal sealed class FrameRates(IEnumerable<CameraLoop> cameras, TimeProvider time)
{
    private readonly Queue<(long At, Dictionary<CameraId, long> Frames)> _looks = new();

    /// <summary>Notes the counters now; looks older than so long are forgotten but for the newest of them.</summary>
    public void Look(TimeSpan over)
    {
        var now = time.GetTimestamp();
        _looks.Enqueue((now, cameras.ToDictionary(camera => camera.Lane.Camera, camera => camera.Lane.Meter.FramesInspected)));
        while (_looks.Count > 2 && time.GetElapsedTime(_looks.ElementAt(1).At, now) >= over) _looks.Dequeue();
    }

    /// <summary>It has played its file to the end.</summary>
    public bool IsOver(CameraId camera) => cameras.Any(it => it.Lane.Camera == camera && it.State == CameraState.Finished);

    /// <summary>Frames a second between the first look kept and the last; 0 for a camera that was not there at both.</summary>
    public double Of(CameraId camera)
    {
        if (_looks.Count < 2) return 0;
        var (first, last) = (_looks.Peek(), _looks.Last());
        var seconds = time.GetElapsedTime(first.At, last.At).TotalSeconds;
        return seconds > 0 && first.Frames.TryGetValue(camera, out var from) && last.Frames.TryGetValue(camera, out var to) ? (to - from) / seconds : 0;
    }
}
