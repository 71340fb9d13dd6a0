using CvOps.Agent.Capture;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Inference;

/// <summary>
/// The frame path: three threads in a row, so that the model never waits for pixels or reports. The first takes frames of all cameras in turn
/// and prepares them (<see cref="PrepareStage"/>), the second does nothing but run models (<see cref="RunStage"/>), the third decodes and hands
/// the result to the sinks (<see cref="FinishStage"/>). Jobs go round in order, so each camera's results do too.
/// </summary>
internal sealed class InferenceLoop : BackgroundService
{
    // One being prepared or ready, one running, one being finished. More would only be older pictures.
    private const int Jobs = 3;

    private readonly Handoff<InspectionJob> _idle = new(Jobs);
    private readonly Handoff<InspectionJob> _ready = new(Jobs);
    private readonly Handoff<InspectionJob> _done = new(Jobs);
    private readonly PrepareStage _prepare;
    private readonly RunStage _run;
    private readonly FinishStage _finish;

    public InferenceLoop(FrameQueue queue, ModelSlots slots, IEnumerable<IInspectedFrameSink> sinks, InferenceOptions options, TimeProvider time, ILogger<InferenceLoop> logger)
    {
        var budget = new ShadowBudget(options.ShadowLatency);
        _prepare = new PrepareStage(queue, slots, options, budget, time, _idle, _ready);
        _run = new RunStage(queue, budget, time, _ready, _done);
        _finish = new FinishStage([.. sinks], time, logger, _done, _idle);
        for (var i = 0; i < Jobs; i++) _idle.Put(new InspectionJob());
    }

    /// <summary>Frames taken from the queue, inspected or not: what a watchdog looks at. A stage that is stuck stops it.</summary>
    public long FramesTaken => _prepare.FramesTaken;

    /// <summary>Frames the challenger was not asked about for want of time.</summary>
    public long ShadowsShed => _prepare.ShadowsShed + _run.ShadowsShed;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // A stage that dies takes the others along: the host ends the process, and systemd starts a new one.
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        Task Start(Action stage) => Task.Factory.StartNew(() =>
        {
            try
            {
                stage();
            }
            catch
            {
                stopping.Cancel();
                throw;
            }
        }, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);

        using var close = stopping.Token.Register(_idle.Close);
        await Task.WhenAll(Start(() => _prepare.Run(stopping.Token)), Start(_run.Run), Start(_finish.Run));
    }
}
