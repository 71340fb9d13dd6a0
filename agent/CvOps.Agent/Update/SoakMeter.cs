using CvOps.Agent.Inference;
using CvOps.Contracts;

namespace CvOps.Agent.Update;

/// <summary>
/// Counts how a new model does from <see cref="Begin"/> on, in charge or as the challenger, and how the one in charge before did. Fed by the
/// inference thread, read by the update loop.
/// </summary>
internal sealed class SoakMeter(TimeProvider time) : IInspectedFrameSink
{
    private static readonly TimeSpan MemoryLook = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private TaskCompletionSource? _waiting;
    private bool _news;
    private ModelTally? _before;
    private ModelTally? _watched;
    private ModelTally? _inCharge;
    private SameAnswer? _worst;
    private long _began;
    private long _framesEver;
    private long _memoryAtBegin;
    private long _memory;
    private long _memoryRead;

    /// <summary>Frames inspected by whatever model since the start.</summary>
    public long FramesEver => Interlocked.Read(ref _framesEver);

    /// <summary>Forgets what was counted of a new model and watches this one. What was in charge last is the model before.</summary>
    public void Begin(string digest)
    {
        lock (_gate)
        {
            if (_inCharge is not null && _inCharge.Digest != digest) _before = _inCharge;
            _watched = new ModelTally(digest);
            _worst = null;
            _began = _memoryRead = time.GetTimestamp();
            _memoryAtBegin = _memory = Environment.WorkingSet;
        }
    }

    /// <summary>Returns when a frame of the watched model came since the last call, or after a while.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task NewsAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        Task news;
        lock (_gate)
        {
            if (_news)
            {
                _news = false;
                return;
            }
            news = (_waiting ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
        await await Task.WhenAny(news, Task.Delay(patience, time, cancellationToken));
    }

    public SoakEvidence Evidence()
    {
        lock (_gate)
        {
            if (_watched is not { } watched) return default;
            if (time.GetElapsedTime(_memoryRead) >= MemoryLook) (_memory, _memoryRead) = (Environment.WorkingSet, time.GetTimestamp());
            foreach (var (camera, answers) in watched.Answers)
            {
                if (answers.Current is { } run) Judge(camera, run);
            }
            return new SoakEvidence
            {
                Frames = watched.Frames, Errors = watched.Errors, NotFinite = watched.NotFinite,
                Latency = watched.Latency.Seen, LatencyBefore = _before?.Latency.Seen ?? default,
                SameAnswer = _worst, MemoryGrowth = _memory - _memoryAtBegin, Watched = time.GetElapsedTime(_began),
            };
        }
    }

    public void Inspected(in InspectedFrame inspected)
    {
        Interlocked.Increment(ref _framesEver);
        lock (_gate)
        {
            var own = new ModelAttempt(inspected.Model, inspected.Timings.InferenceMs, inspected.Error, inspected.NotFinite);
            Count(inspected, own, inspected.Prediction.Class, inCharge: inspected.Failed is null);
            if (inspected.Failed is { } failed) Count(inspected, failed, null, inCharge: true);
            if (inspected.Challenger is { } challenger) Count(inspected, challenger, inspected.Shadow?.Prediction.Class, inCharge: false);
        }
    }

    private void Count(in InspectedFrame inspected, in ModelAttempt attempt, string? answer, bool inCharge)
    {
        var digest = attempt.Model.Ref.Digest;
        if (digest == _watched?.Digest)
        {
            if (inCharge) _inCharge = _watched;
            if (_watched.Add(inspected.Camera, attempt, answer) is { } run) Judge(inspected.Camera, run);
            Tell();
            return;
        }
        if (digest != _before?.Digest)
        {
            if (!inCharge) return;
            _before = new ModelTally(digest);
        }
        if (inCharge) _inCharge = _before;
        _before.Add(inspected.Camera, attempt, answer);
    }

    private void Tell()
    {
        _news = _waiting is null;
        _waiting?.SetResult();
        _waiting = null;
    }

    private void Judge(CameraId camera, in (string Answer, long Frames, int Number) run)
    {
        if (_before is null || !_before.Answers.TryGetValue(camera, out var answers)) return;
        var before = answers.Against(run.Answer, run.Answer.Length == 0 || _before.Knows(run.Answer));
        // Each further run has half the chance of the one before, each camera its part: together they stay under the bound.
        var chance = Math.Min(1, CollapseRule.Chance(before, run.Frames, run.Number == 1) * Math.Pow(2, run.Number) * _watched!.Answers.Count);
        if (_worst is { } worst && chance >= worst.Chance) return;
        _worst = new SameAnswer(camera.Value, run.Answer.Length == 0 ? null : run.Answer, run.Frames, before, chance);
    }

    /// <summary>What is counted of one model.</summary>
    private sealed class ModelTally(string digest)
    {
        private IReadOnlyList<string> _classes = [];

        public string Digest => digest;

        public long Frames { get; private set; }

        public long Errors { get; private set; }

        public long NotFinite { get; private set; }

        public LatencyWindow Latency { get; } = new();

        public Dictionary<CameraId, AnswerTally> Answers { get; } = [];

        public bool Knows(string answer) => _classes.Contains(answer);

        /// <returns>A run of one answer that this frame ended.</returns>
        public (string Answer, long Frames, int Number)? Add(CameraId camera, in ModelAttempt attempt, string? answer)
        {
            Frames++;
            _classes = attempt.Model.Manifest.Classes;
            Latency.Add(attempt.InferenceMs);
            if (attempt.NotFinite) NotFinite++;
            if (attempt.Error is not null)
            {
                Errors++;
                return null;
            }
            if (!Answers.TryGetValue(camera, out var answers)) Answers[camera] = answers = new AnswerTally();
            return answers.Add(answer ?? "");
        }
    }
}
