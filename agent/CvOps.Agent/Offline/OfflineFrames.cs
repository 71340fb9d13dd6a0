using CvOps.Agent.Capture;
using CvOps.Agent.Inference;
using Microsoft.Extensions.Logging.Abstractions;

namespace CvOps.Agent.Offline;

/// <summary>Every frame of a recording through the agent's own queue, stages and decoders, in order.</summary>
internal static class OfflineFrames
{
    /// <param name="slots">With the model in charge.</param>
    /// <param name="stop">Cancelled by the caller to end early, and here when a stage dies.</param>
    /// <returns>How reading ended, once every frame that was read has been inspected.</returns>
    public static async Task<ReadOutcome> InspectAsync(
        OfflineOptions options, CameraOptions camera, ModelSlots slots, IInspectedFrameSink[] sinks, FfmpegPrograms programs, FrameNotes notes, TimeProvider time, CancellationTokenSource stop)
    {
        using var queue = new FrameQueue();
        var lane = new CameraLane(camera, time);
        queue.Add(lane);
        using var loop = new InferenceLoop(queue, slots, sinks, options.Inference, time, NullLogger<InferenceLoop>.Instance);
        var reader = new OfflineReader(options, lane, queue, new FramePool(), programs, notes, time);
        await loop.StartAsync(CancellationToken.None);
        // A stage that dies would leave the reader waiting for room in the queue.
        var inspecting = loop.ExecuteTask!.ContinueWith(ended =>
        {
            stop.Cancel();
            return ended;
        }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default).Unwrap();
        // A thread of its own: reads block, and a decoder lives no longer than the thread that started it.
        var outcome = await Task.Factory.StartNew(() => reader.Run(stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);
        await inspecting;
        return outcome;
    }
}
