using CvOps.Agent.Update.Preflight;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Twin;
using CvOps.Testing;
using static CvOps.Contracts.Twin.UpdateState;

namespace CvOps.Agent.Tests.Update.Preflight;

public sealed class PreflightTests
{
    private const long Megabyte = 1024 * 1024;

    private static readonly PreflightFacts Roomy = new(100_000 * Megabyte, 100_000 * Megabyte, new Version(1, 30, 0), ["CUDAExecutionProvider", "CPUExecutionProvider"], true, [new("cam-1", 640, 480)]);

    [Fact]
    public void Every_reason_is_in_one_answer()
    {
        var facts = new PreflightFacts(70 * Megabyte, 90 * Megabyte, new Version(1, 20, 1), ["CPUExecutionProvider"], true, [new("cam-1", 8, 8), new("cam-2", 0, 0)]);
        var manifest = UpdateRig.Manifest("v1") with
        {
            Requires = new ModelRequirements { Runtime = "1.22", Provider = "CUDA", MemoryMegabytes = 200 },
            Input = UpdateRig.Manifest("v1").Input with { Resize = ResizeMode.CentreCrop, ShortSide = 4 },
        };
        var sentence = PreflightRule.Sentence(PreflightRule.BeforePreparing(20 * Megabyte, manifest, facts));
        Assert.StartsWith("This device can't take the model: its disk has 70 MB free and 104 MB are needed (40 MB for its engine, 64 MB left free); make room; "
            + "90 MB of memory are free and 264 MB are needed to make it ready beside the model in charge; "
            + "it needs ONNX Runtime 1.22 and this device has 1.20.1; update the agent; "
            + "it needs the execution provider CUDA and this device has CPUExecutionProvider; "
            + "its input can't be made of camera cam-1's pictures of 8x8: ", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_with_room_takes_it()
    {
        Assert.Empty(PreflightRule.BeforeFetch(500 * Megabyte, 0, Roomy));
        Assert.Empty(PreflightRule.BeforePreparing(500 * Megabyte, UpdateRig.Manifest("v1") with { Requires = new ModelRequirements { Runtime = "1.30", Provider = "CUDA", MemoryMegabytes = 200 } }, Roomy));
    }

    [Fact]
    public void What_is_here_already_needs_no_room_again()
    {
        var facts = Roomy with { FreeDisk = 150 * Megabyte, BuildsEngines = false };
        Assert.Single(PreflightRule.BeforeFetch(100 * Megabyte, 0, facts));
        Assert.Empty(PreflightRule.BeforeFetch(100 * Megabyte, 90 * Megabyte, facts));
    }

    [Theory]
    [InlineData("max", "max", 8_000)]
    [InlineData("1073741824", "max", 624)]
    [InlineData("max", "536870912", 112)]
    [InlineData("104857600", "max", 0)]
    public void The_smallest_limit_around_the_agent_is_the_memory_it_has(string own, string parents, long megabytes)
    {
        using var root = new TestFolder();
        Write("proc/meminfo", "MemTotal:       16384000 kB\nMemAvailable:    8192000 kB\n");
        Write("proc/self/cgroup", "0::/system.slice/cvops-agent.service\n");
        Write("sys/fs/cgroup/system.slice/cvops-agent.service/memory.max", own);
        Write("sys/fs/cgroup/system.slice/cvops-agent.service/memory.current", $"{500 * Megabyte}");
        Write("sys/fs/cgroup/system.slice/cvops-agent.service/memory.stat", $"anon 1\ninactive_file {100 * Megabyte}\n");
        Write("sys/fs/cgroup/system.slice/memory.max", parents);
        Write("sys/fs/cgroup/system.slice/memory.current", $"{500 * Megabyte}");
        Write("sys/fs/cgroup/system.slice/memory.stat", $"inactive_file {100 * Megabyte}\n");
        Assert.Equal(megabytes, PreflightFacts.ReadFreeMemory(root.Path) / Megabyte);

        void Write(string file, string content)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(root[file])!);
            File.WriteAllText(root[file], content);
        }
    }

    [Fact]
    public void This_machine_says_how_much_memory_is_free() => Assert.InRange(PreflightFacts.ReadFreeMemory() ?? 0, 1, long.MaxValue);

    [Fact]
    public async Task A_package_that_can_never_fit_is_not_fetched()
    {
        await using var rig = await UpdateRig.CreateAsync();
        await using var device = rig.Start();
        await device.StartAsync();
        device.Loop.Want(new TwinDesired { Version = 1, Model = rig.Publish("v1") with { Bytes = 1L << 40 } });
        await device.ReachAsync(Failed);
        Assert.StartsWith("This device can't take the model: ", device.Loop.Report.Reason, StringComparison.Ordinal);
        Assert.Contains("; ", device.Loop.Report.Reason, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(rig.Data, "models")));
    }

    [Fact]
    public async Task A_model_that_asks_for_more_than_the_device_has_never_runs_on_it()
    {
        await using var rig = await UpdateRig.CreateAsync();
        await using var device = rig.Start();
        await device.StartAsync();
        await device.UpdateAsync(1, rig.Publish("v1"));
        rig.Publish("v22");
        var demanding = rig.Repack("v22", parts => parts with { Manifest = parts.Manifest with { Requires = new ModelRequirements { Runtime = "99.0", Provider = "Abacus" } } });
        device.Loop.Want(new TwinDesired { Version = 2, Model = demanding });
        await device.ReachAsync(Failed);
        Assert.Contains("it needs ONNX Runtime 99.0", device.Loop.Report.Reason, StringComparison.Ordinal);
        Assert.Contains("it needs the execution provider Abacus", device.Loop.Report.Reason, StringComparison.Ordinal);
        Assert.Equal([Downloading, Verifying, Failed], device.States.Skip(8));
        Assert.Equal("v1", device.Slots.Active?.Ref.Version);
    }
}
