using System.Collections.Concurrent;
using System.Globalization;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;

namespace CvOps.CrashMatrix.Rollouts;

/// <summary>How a rollout is to end: all of it taken; the same with a pause on the way; taken back, or left as it is, after the first ring.</summary>
internal enum RolloutPath { Completes, Pauses, RollsBack, Aborts }

/// <summary>
/// One rollout over the devices of one site: what its people ask and what its devices answer, at each state once, held up in the one state where something
/// is to happen. Goes on over restarts: what was asked of a fleet that died is asked again where it did not come about.
/// </summary>
internal sealed class RolloutStory
{
    public const int Devices = 60;

    private const int Canary = 40;
    private const int Parts = 9;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(15);

    private readonly RolloutFleet _fleet;
    private readonly SimulatedDevices _devices;
    private readonly RolloutPath _path;
    private readonly (RolloutState State, int Ring)? _heldAt;
    private readonly string _site;
    private readonly ConcurrentDictionary<(RolloutState, int), TaskCompletionSource> _gates = new();
    private readonly ConcurrentDictionary<string, int> _ringOf = new();
    private long _inspected;

    /// <param name="sites">Devices are dealt to, one after the other.</param>
    /// <param name="site">Nobody else's.</param>
    /// <param name="heldAt">Null: never.</param>
    public RolloutStory(RolloutFleet fleet, SimulatedDevices devices, int sites, int site, RolloutPath path, (RolloutState State, int Ring)? heldAt)
    {
        (_fleet, _devices, _path, _heldAt) = (fleet, devices, path, heldAt);
        _site = string.Create(CultureInfo.InvariantCulture, $"site-{site}");
        Numbers = [.. Enumerable.Range(0, Devices).Select(i => (i * sites) + site)];
        foreach (var gate in (IEnumerable<(RolloutState, int)>)[(RolloutState.Shadowing, 0), (RolloutState.Canary, 0), (RolloutState.Soaking, 0), (RolloutState.Advancing, 1), (RolloutState.Soaking, 1), (RolloutState.RollingBack, 0)])
        {
            _gates[gate] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            // A device that is faster than the person would end the canary before the pause.
            if (gate != heldAt && !(path == RolloutPath.Pauses && gate.Item1 == RolloutState.Canary)) _gates[gate].SetResult();
        }
        devices.Answer = AnswerAsync;
    }

    public string Id { get; private set; } = "";

    public string Site => _site;

    /// <summary>Of its devices.</summary>
    public IReadOnlyList<int> Numbers { get; }

    /// <summary>Parts that the broker has acknowledged.</summary>
    public long Inspected => Interlocked.Read(ref _inspected);

    public RolloutState End => _path switch { RolloutPath.RollsBack => RolloutState.RolledBack, RolloutPath.Aborts => RolloutState.Aborted, _ => RolloutState.Completed };

    /// <summary>Returns when the rollout is in the state it is held up in, or at its end.</summary>
    public async Task<RolloutView> ReachAsync()
    {
        var plan = new RolloutPlan
        {
            Name = $"crash-{_site}", Model = _fleet.New.Digest, Select = $"site={_site}", Strata = [], Shadow = new ShadowStage(Canary * Parts),
            Rings = [new RolloutRing("canary", Count: Canary) { Soak = new Soak(0, Canary * Parts) }, new RolloutRing("rest", Percent: 100) { Approval = true, Soak = new Soak(0, (Devices - Canary) * Parts) }],
            Guardrails = new Guardrails { NonInferiorityMargin = 0.1 },
            StartsAt = _heldAt?.State == RolloutState.Scheduled ? DateTimeOffset.UtcNow.AddSeconds(4) : null,
        };
        Id = (await _fleet.CreateAsync(plan, draft: true)).Id;
        var view = await DriveAsync(view => view.State == End || (view.State, view.Ring) == _heldAt);
        return _heldAt is null || (view.State, view.Ring) == _heldAt ? view : throw new InvalidOperationException($"it was {view.State} before it was seen to be {_heldAt.Value.State}");
    }

    /// <summary>The devices that were held up answer; what a person has to ask in that state is asked, without waiting for it.</summary>
    public void Release(RolloutView view)
    {
        if (_heldAt is { } held && _gates.TryGetValue(held.State == RolloutState.RollingBack ? (held.State, 0) : held, out var gate)
            && !(_path == RolloutPath.Pauses && held.State == RolloutState.Canary)) gate.TrySetResult();
        if (Asks(view) is { } verb) _ = _fleet.AskAsync(Id, verb);
    }

    /// <param name="first">Told the first answer that the fleet gives.</param>
    public Task<RolloutView> FinishAsync(Action<RolloutView>? first = null) => DriveAsync(view =>
    {
        first?.Invoke(view);
        first = null;
        return view.State == End;
    });

    private async Task<RolloutView> DriveAsync(Func<RolloutView, bool> there)
    {
        var until = DateTimeOffset.UtcNow + Patience;
        RolloutView? view = null;
        while (DateTimeOffset.UtcNow < until)
        {
            if (await _fleet.TryReadAsync(Id) is { } now)
            {
                view = now;
                if (there(view)) return view;
                if (WasPaused(view)) _gates[(RolloutState.Canary, 0)].TrySetResult();
                if (Asks(view) is { } verb) await _fleet.AskAsync(Id, verb);
            }
            await Task.Delay(LookEvery);
        }
        throw new TimeoutException($"still {view?.State} after {Patience.TotalSeconds:0} s: {view?.Reason}");
    }

    private static bool WasPaused(RolloutView view) => view.History.Any(step => step.To == RolloutState.Paused);

    private string? Asks(RolloutView view) => view.State switch
    {
        RolloutState.Draft => "start",
        RolloutState.Paused => "resume",
        RolloutState.Canary when _path == RolloutPath.Pauses && !WasPaused(view) => "pause",
        RolloutState.AwaitingApproval => _path switch { RolloutPath.RollsBack => "rollback", RolloutPath.Aborts => "abort", _ => "approve" },
        _ => null,
    };

    private async Task AnswerAsync(string device, Topics topics, TwinDesired desired)
    {
        if (desired.Model is not { } model) return;
        if (model.Stage == ModelStage.Shadow)
        {
            _ringOf[device] = 0;
            await _gates[(RolloutState.Shadowing, 0)].Task;
            await InspectAsync(device, topics, _fleet.Old, _fleet.New);
        }
        else if (model.Model.Digest == _fleet.Old.Digest)
        {
            await _gates[(RolloutState.RollingBack, 0)].Task;
            await _devices.TakeOverAsync(topics, desired);
        }
        else if (!model.CompareWithPrevious)
        {
            await _devices.TakeOverAsync(topics, desired);
        }
        else
        {
            var ring = _ringOf.GetOrAdd(device, 1);
            await _gates[ring == 0 ? (RolloutState.Canary, 0) : (RolloutState.Advancing, 1)].Task;
            await _devices.TakeOverAsync(topics, desired);
            await _gates[(RolloutState.Soaking, ring)].Task;
            await InspectAsync(device, topics, _fleet.New, _fleet.Old);
        }
    }

    private async Task InspectAsync(string device, Topics topics, ModelRef model, ModelRef beside)
    {
        await _devices.InspectAsync(device, topics, model, Parts, beside: beside);
        Interlocked.Add(ref _inspected, Parts);
    }
}
