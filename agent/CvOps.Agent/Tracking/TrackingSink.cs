using System.Collections.Frozen;
using CvOps.Agent.Inference;
using CvOps.Contracts;
using CvOps.Vision.Tracking;

namespace CvOps.Agent.Tracking;

/// <summary>
/// Gives the detections of its cameras their tracks, in place: registered before whoever reports or counts them. A reconnected camera, another size
/// or another model begins anew.
/// </summary>
internal sealed class TrackingSink(IEnumerable<TrackingOptions> cameras) : IInspectedFrameSink
{
    private volatile FrozenDictionary<CameraId, Follower> _cameras = cameras.ToFrozenDictionary(camera => camera.Camera, camera => new Follower(camera));

    /// <summary>Follows these from now on; a camera whose options are the same keeps its tracks. Safe beside <see cref="Inspected"/>.</summary>
    public void Change(IEnumerable<TrackingOptions> wanted)
    {
        var now = _cameras;
        _cameras = wanted.ToFrozenDictionary(camera => camera.Camera, camera => now.GetValueOrDefault(camera.Camera) is { } follower && follower.Options == camera ? follower : new Follower(camera));
    }

    public void Inspected(in InspectedFrame inspected)
    {
        if (inspected.Error is not null || !_cameras.TryGetValue(inspected.Camera, out var follower)) return;
        follower.Follow(inspected);
    }

    private sealed class Follower(TrackingOptions options)
    {
        private readonly ByteTracker _tracker = new(options.Numbers);
        private (int Connection, int Width, int Height) _world;
        private LoadedModel? _model;

        public TrackingOptions Options => options;

        public void Follow(in InspectedFrame inspected)
        {
            var world = (inspected.Frame.Connection, inspected.Frame.Width, inspected.Frame.Height);
            if (world != _world || !ReferenceEquals(_model, inspected.Model)) _tracker.Reset();
            (_world, _model) = (world, inspected.Model);
            _tracker.Update(inspected.Prediction.Detections);
        }
    }
}
