using CvOps.Testing;
using CvOps.Vision.Gpu;

namespace CvOps.Shared.Tests.Vision;

public sealed class EngineCacheTests
{
    private static readonly string Digest = new('a', 64);
    private static readonly GpuIdentity Orin = new("NVIDIA Jetson Orin NX", "R36 (release), REVISION: 4.3", "10.3.0");

    [Fact]
    public void An_engine_is_found_again_only_for_the_same_model_machine_and_precision()
    {
        using var folder = new TestFolder();
        var settings = new TensorRtSettings(folder.Path);
        File.WriteAllText(folder["table"], "calibration");
        var here = EngineCache.FolderOf(settings, Digest, Orin);
        Assert.Equal(here, EngineCache.FolderOf(settings with { }, Digest, Orin with { }));
        string[] others =
        [
            EngineCache.FolderOf(settings, new string('b', 64), Orin), EngineCache.FolderOf(settings, Digest, Orin with { Gpu = "NVIDIA L4" }),
            EngineCache.FolderOf(settings, Digest, Orin with { Driver = "R36 (release), REVISION: 4.4" }), EngineCache.FolderOf(settings, Digest, Orin with { TensorRt = "10.7.0" }),
            EngineCache.FolderOf(settings with { Precision = TensorRtPrecision.Float16 }, Digest, Orin), EngineCache.FolderOf(settings with { CalibrationTable = folder["table"] }, Digest, Orin),
        ];
        Assert.Equal(others.Length + 1, others.Append(here).Distinct().Count());
    }

    [Fact]
    public void A_folder_counts_as_built_when_it_holds_an_engine_and_old_ones_are_cleared_away()
    {
        using var folder = new TestFolder();
        var settings = new TensorRtSettings(folder.Path);
        var (old, here) = (EngineCache.FolderOf(settings, new string('b', 64), Orin), EngineCache.FolderOf(settings, Digest, Orin));
        EngineCache.Prepare(old, settings, new string('b', 64), Orin);
        EngineCache.Prepare(here, settings, Digest, Orin);
        Assert.False(EngineCache.IsBuilt(here));
        File.WriteAllBytes(Path.Combine(here, "TensorrtExecutionProvider_graph_0_sm87.engine"), [1]);
        File.WriteAllBytes(folder["timing.cache"], [1]);
        EngineCache.KeepOnly(settings.Engines, [here]);
        Assert.True(EngineCache.IsBuilt(here));
        Assert.False(Directory.Exists(old));
        Assert.True(File.Exists(folder["timing.cache"]));
        Assert.Contains("tensorrt 10.3.0", File.ReadAllText(Path.Combine(here, "engine.txt")), StringComparison.Ordinal);
    }

    [Fact]
    public void Precision_and_calibration_reach_the_provider_by_the_names_it_knows()
    {
        var options = EngineCache.ProviderOptions(new TensorRtSettings("/var/engines", TensorRtPrecision.Int8, "/etc/cvops/steel.flatbuffers"), "/var/engines/x");
        Assert.Equal(("1", "1", "steel.flatbuffers", "/var/engines/x", "/var/engines"),
            (options["trt_int8_enable"], options["trt_fp16_enable"], options["trt_int8_calibration_table_name"], options["trt_engine_cache_path"], options["trt_timing_cache_path"]));
        Assert.Equal("0", EngineCache.ProviderOptions(new TensorRtSettings("/var/engines"), "/var/engines/x")["trt_fp16_enable"]);
    }

    [Fact]
    public void A_machine_is_known_by_its_gpu_driver_and_library()
    {
        using var root = new TestFolder();
        Assert.Equal(new GpuIdentity("none", "none", "none"), GpuIdentity.Read(root.Path));
        Write(root, "proc/driver/nvidia/gpus/0000:01:00.0/information", "Model: \t\t NVIDIA L4\nIRQ:   \t\t 147\n");
        Write(root, "proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.127.05  Tue Oct  8 03:22:07 UTC 2024\nGCC version:\n");
        Write(root, "usr/lib/x86_64-linux-gnu/libnvinfer.so.10", "");
        Write(root, "usr/lib/x86_64-linux-gnu/libnvinfer.so.10.3.0", "");
        Assert.Equal(new GpuIdentity("NVIDIA L4", "550.127.05", "10.3.0"), GpuIdentity.Read(root.Path));

        using var jetson = new TestFolder();
        Write(jetson, "proc/device-tree/model", "NVIDIA Jetson Orin NX\0");
        Write(jetson, "etc/nv_tegra_release", "# R36 (release), REVISION: 4.3\n");
        Assert.Equal(("NVIDIA Jetson Orin NX", "# R36 (release), REVISION: 4.3"), (GpuIdentity.Read(jetson.Path).Gpu, GpuIdentity.Read(jetson.Path).Driver));
    }

    private static void Write(TestFolder root, string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(root[path])!);
        File.WriteAllText(root[path], text);
    }
}
