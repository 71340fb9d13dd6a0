using System.Collections;
using CvOps.Agent.Clips;
using CvOps.Contracts;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Capture;

/// <summary>
/// The cameras that run, a <see cref="CameraLoop"/> each. They come and go while the others run on, undisturbed. Enumerating it gives those that
/// run at that moment, from any thread.
/// </summary>
/// <param name="ring">Where cameras write their encoded video as well; null for nowhere.</param>
internal sealed partial class CameraSet(IReadOnlyList<CameraOptions> cameras, FrameQueue queue, FramePool pool, FfmpegPrograms programs, TimeProvider time, Random chance, ILoggerFactory logs, EncodedRing? ring = null)
    : BackgroundService, IEnumerable<CameraLoop>
{
    private readonly ILogger<CameraSet> _log = logs.CreateLogger<CameraSet>();
    private readonly SemaphoreSlim _changing = new(1);
    private readonly TaskCompletionSource _death = new(TaskCreationOptions.RunContinuationsAsynchronously);
    // Of every camera there has been: a connection's number names frames for as long as the agent runs, and counters run on.
    private readonly Dictionary<CameraId, CameraPast> _past = [];
    private volatile CameraLoop[] _running = [];

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await ChangeToAsync(cameras, cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    /// <summary>Starts a camera beside those that run.</summary>
    /// <exception cref="ArgumentException">There is one of that name.</exception>
    public async Task AddAsync(CameraOptions camera, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken);
        try
        {
            if (_running.Any(loop => loop.Lane.Camera == camera.Id)) throw new ArgumentException($"There is a camera '{camera.Id}' already.", nameof(camera));
            await StartOneAsync(camera, cancellationToken);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Stops a camera and gives back its frames that wait.</summary>
    /// <returns>False when there is none of that name.</returns>
    public async Task<bool> RemoveAsync(CameraId camera, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken);
        try
        {
            return await StopOneAsync(camera, cancellationToken);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Stops, starts and starts anew what it takes to run these cameras; those whose options are the same run on.</summary>
    public async Task ChangeToAsync(IReadOnlyList<CameraOptions> wanted, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken);
        try
        {
            var plan = CameraChanges.Between([.. _running.Select(loop => loop.Lane.Options)], wanted);
            await Task.WhenAll(plan.Stop.Select(camera => StopOneAsync(camera, cancellationToken)));
            foreach (var camera in plan.Start) await StartOneAsync(camera, cancellationToken);
        }
        finally
        {
            _changing.Release();
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(_running.Select(loop => loop.StopAsync(cancellationToken)));
        await base.StopAsync(cancellationToken);
    }

    public override void Dispose()
    {
        foreach (var loop in _running) loop.Dispose();
        _changing.Dispose();
        base.Dispose();
    }

    public IEnumerator<CameraLoop> GetEnumerator() => ((IEnumerable<CameraLoop>)_running).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Faults when a camera's loop dies: that is a bug, and ends the process.</summary>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => _death.Task.WaitAsync(stoppingToken);

    private async Task StartOneAsync(CameraOptions camera, CancellationToken cancellationToken)
    {
        var past = _past.GetValueOrDefault(camera.Id) ?? new CameraPast(new CameraMeter(time), 0);
        var lane = new CameraLane(camera, time, past.Meter);
        var loop = new CameraLoop(lane, queue, pool, programs, time, chance, logs.CreateLogger<CameraLoop>(), past.Connections, ring);
        queue.Add(lane);
        _running = [.. _running, loop];
        await loop.StartAsync(cancellationToken);
        _ = loop.ExecuteTask?.ContinueWith(task => _death.TrySetException(task.Exception!), CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        Log.CameraAdded(_log, camera.Id.Value);
    }

    private async Task<bool> StopOneAsync(CameraId camera, CancellationToken cancellationToken)
    {
        if (_running.FirstOrDefault(loop => loop.Lane.Camera == camera) is not { } found) return false;
        await found.StopAsync(cancellationToken);
        lock (_past)
        {
            _running = [.. _running.Where(loop => loop != found)];
            _past[camera] = new CameraPast(found.Lane.Meter, found.Connections);
        }
        queue.Remove(found.Lane);
        found.Dispose();
        Log.CameraRemoved(_log, camera.Value);
        return true;
    }

    private sealed record CameraPast(CameraMeter Meter, int Connections);

    private static partial class Log
    {
        [LoggerMessage(1010, LogLevel.Information, "Camera {Camera} added")]
        public static partial void CameraAdded(ILogger logger, string camera);

        [LoggerMessage(1011, LogLevel.Information, "Camera {Camera} removed")]
        public static partial void CameraRemoved(ILogger logger, string camera);
    }
}
