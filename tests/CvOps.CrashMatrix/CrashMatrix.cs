using CvOps.Contracts.Twin;
using CvOps.Testing;

namespace CvOps.CrashMatrix;

/// <summary>
/// Every way an update can be cut short, on real processes and real files: killed before each operation on the disk, the same with all that was
/// not flushed gone, a disk that fills up at each operation, a clock that jumps in each state, a process that dies in each state, once and each time.
/// </summary>
/// <param name="quick">Only the first operation of each state, and one of each other kind.</param>
internal sealed class CrashMatrix(PackageShop shop, UnkindDisk disk, bool quick)
{
    private const long TenYears = 315_360_000;

    // A model that kills its process is given up long before; a device on which everything is cut short, not much later.
    private const int MostLives = 60;

    private static readonly UpdateState[] RunsNewModel = [UpdateState.Preparing, UpdateState.SelfTesting, UpdateState.Shadowing, UpdateState.Swapping, UpdateState.Soaking];

    /// <param name="told">Each row as it is known, from any thread.</param>
    public async Task<IReadOnlyList<CrashRow>> RunAsync(Action<CrashRow> told)
    {
        List<Func<Task<CrashRow[]>>> trials = [];
        foreach (var (operation, when) in await MomentsAsync(RollingBack))
        {
            if (quick && when != "entry") continue;
            trials.Add(() => CutShortAsync(RollingBack, operation, when));
            if (!quick) trials.Add(async () => [await FullDiskAsync(RollingBack, operation, when)]);
        }
        foreach (var (operation, when) in await MomentsAsync(Updating))
        {
            if (quick && when != "entry") continue;
            trials.Add(() => CutShortAsync(Updating, operation, when));
            if (!quick || operation.State is UpdateState.Downloading or UpdateState.Swapping) trials.Add(async () => [await FullDiskAsync(Updating, operation, when)]);
            if (when != "entry" || (quick && operation.State != UpdateState.Swapping)) continue;
            foreach (var seconds in quick ? [-Now()] : new[] { -Now(), TenYears }) trials.Add(async () => [await ClockJumpAsync(operation, when, seconds)]);
        }
        foreach (var state in quick ? [UpdateState.Soaking] : RunsNewModel)
        {
            foreach (var delay in quick ? [5] : new[] { 1, 5, 20 }) trials.Add(async () => [await DiesInAsync(Updating, state, delay)]);
            trials.Add(async () => [await DiesEachTimeAsync(Updating, state)]);
        }
        // A model that is to stay in shadow: the champion is in charge whatever happens.
        foreach (var (operation, when) in await MomentsAsync(Shadowed))
            if (when == "entry" && operation.State is UpdateState.Shadowing || (!quick && operation.State is UpdateState.Preparing or UpdateState.SelfTesting or UpdateState.Shadowing)) trials.Add(() => CutShortAsync(Shadowed, operation, when));
        foreach (var delay in quick ? [] : new[] { 1, 5, 20 }) trials.Add(async () => [await DiesInAsync(Shadowed, UpdateState.Shadowing, delay)]);
        trials.Add(async () => [await DiesEachTimeAsync(Shadowed, UpdateState.Shadowing)]);
        if (!quick) foreach (var state in new[] { UpdateState.Downloading, UpdateState.Verifying }) trials.Add(async () => [await DiesEachTimeAsync(Updating, state)]);
        foreach (var full in quick ? [true] : new[] { false, true }) trials.Add(async () => [await DiesAtEachStartAsync(full)]);

        var rows = new CrashRow[trials.Count][];
        await Parallel.ForAsync(0, trials.Count, new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, Environment.ProcessorCount) }, async (i, _) =>
        {
            rows[i] = await trials[i]();
            foreach (var row in rows[i]) told(row);
        });
        return [.. rows.SelectMany(it => it)];
    }

    /// <summary>An update that nothing happens to: its operations, and which are the first and the last of their state.</summary>
    private async Task<IReadOnlyList<(DiskOperation Operation, string When)>> MomentsAsync(Action<DeviceLife> begin)
    {
        using var device = Device(begin);
        var story = await device.LiveAsync(new Unkindness());
        if (story.End is not { State: UpdateState.Committed or UpdateState.RolledBack or UpdateState.Shadowing, Verified: true }) throw new InvalidOperationException($"An update that nothing happened to did not end well: {story.End} {story.Output}");
        // Before the first word of the loop the device is in the state it was left in.
        var operations = story.Operations.Where(it => !it.What.StartsWith("mkdir", StringComparison.Ordinal)).ToArray();
        return [.. operations.Select((it, i) => (it,
            i == 0 || operations[i - 1].State != it.State ? "entry" : i == operations.Length - 1 || operations[i + 1].State != it.State ? "exit" : "during"))];
    }

    private async Task<CrashRow[]> CutShortAsync(Action<DeviceLife> begin, DiskOperation operation, string when)
    {
        using var device = Device(begin);
        var story = await device.LiveAsync(new Unkindness("kill", operation.Number));
        // What is done after the update is at rest may not come any more.
        if (story.End is not null) return [];
        if (story.Output.Length > 0) return [new CrashRow(operation.State, when, "killed", operation.What, "", story.End, $"it was not killed: {story.Output}")];
        var rows = new List<CrashRow>();
        foreach (var powerCut in quick ? [true] : new[] { false, true })
        {
            using var next = new DeviceLife(shop, disk);
            next.TakeOver(device, powerCut);
            rows.Add(CrashRow.Of(operation.State, when, Named(next, powerCut ? "power cut" : "killed"), operation.What, await next.LiveAsync()));
        }
        return [.. rows];
    }

    private async Task<CrashRow> FullDiskAsync(Action<DeviceLife> begin, DiskOperation operation, string when)
    {
        using var device = Device(begin);
        var full = await device.LiveAsync(new Unkindness("full", operation.Number), order => order with { EndsHeldUp = true });
        if (full.End is not { InCharge: not null }) return new CrashRow(operation.State, when, "disk full", operation.What, "", full.End, $"the full disk stopped the line: {full.Output}");
        var after = await device.LiveAsync();
        var passed = string.Join(' ', full.States.SkipWhile(it => it != operation.State).Skip(1)) + (full.End.HeldUp ? " held up," : ",") + " with room " + string.Join(' ', after.States);
        return CrashRow.Of(operation.State, when, "disk full", operation.What, after, passed.Trim(' ', ','));
    }

    private async Task<CrashRow> ClockJumpAsync(DiskOperation operation, string when, long seconds)
    {
        using var device = Device();
        var first = await device.LiveAsync(new Unkindness("clock", operation.Number, seconds));
        var what = seconds < 0 ? "clock to 1970" : "clock +10 years";
        if (first.End is not { Verified: true }) return CrashRow.Of(operation.State, when, what, operation.What, first);
        // And a start with that clock.
        var second = await device.LiveAsync(new Unkindness("clock", 0, seconds));
        return CrashRow.Of(operation.State, when, what, operation.What, second, string.Join(' ', first.States.SkipWhile(it => it != operation.State).Skip(1).Concat(second.States)));
    }

    private async Task<CrashRow> DiesInAsync(Action<DeviceLife> begin, UpdateState state, int milliseconds)
    {
        using var device = Device(begin);
        var first = await device.LiveAsync(change: order => order with { DiesIn = state, DiesAfterMs = milliseconds });
        // The step may be over sooner; then the update is, and nothing was cut short.
        return first.End is null && first.Output.Length > 0
            ? CrashRow.Of(state, "during", Named(device, "killed"), null, first)
            : CrashRow.Of(state, "during", Named(device, "killed"), null, await device.LiveAsync());
    }

    private async Task<CrashRow> DiesEachTimeAsync(Action<DeviceLife> begin, UpdateState state)
    {
        using var device = Device(begin);
        List<UpdateState> passed = [];
        var life = 0;
        LifeStory story;
        do
        {
            story = await device.LiveAsync(change: order => order with { DiesIn = state });
            passed.AddRange(story.States);
            life++;
        }
        while (story is { End: null, Output: "" } && life < MostLives);
        return CrashRow.Of(state, "entry", Named(device, "killed each time"), null, story, $"given up after {life - 1} deaths: {string.Join(' ', story.States)}");
    }

    /// <summary>A committed model that kills its process at every start, on a disk that has room or none.</summary>
    private async Task<CrashRow> DiesAtEachStartAsync(bool full)
    {
        using var device = new DeviceLife(shop, disk);
        device.Commit(shop.V1, shop.V2);
        var life = 0;
        LifeStory story;
        do
        {
            story = await device.LiveAsync(full ? new Unkindness("full", 1) : null, order => order with { DiesStartingWith = "v2" });
            life++;
        }
        while (story is { End: null, Output: "" } && life < MostLives);
        return CrashRow.Of(UpdateState.Committed, "start", full ? "killed, disk full" : "killed each time", null, story, $"given up after {life - 1} deaths: {string.Join(' ', story.States)}");
    }

    private DeviceLife Device(Action<DeviceLife> begin)
    {
        var device = new DeviceLife(shop, disk);
        begin(device);
        return device;
    }

    private DeviceLife Device() => Device(Updating);

    private void Updating(DeviceLife device) => device.Commit(shop.V1);

    private void Shadowed(DeviceLife device)
    {
        device.Commit(shop.V1);
        device.WantShadow();
    }

    private static string Named(DeviceLife device, string what) => device.Wants.Stage == ModelStage.Shadow ? $"{what}, shadow" : what;

    private static void RollingBack(DeviceLife device) => device.BeginRollback();

    private static long Now() => DateTimeOffset.UtcNow.ToUnixTimeSeconds();
}
