using System.Runtime.InteropServices;
using System.Text.Json;
using CvOps.Agent.Reports;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Vision;
using CvOps.Vision.Gpu;
using Microsoft.ML.OnnxRuntime;

namespace CvOps.Agent.Decisions;

/// <summary>What a prediction depends on besides model and frame: this machine and this configuration.</summary>
internal static class DecisionPlace
{
    private static readonly string Processor = $"{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}, {ProcessorName()}";

    private static readonly Lazy<string> Accelerator = new(() =>
    {
        var machine = GpuIdentity.Read();
        return $"{machine.Gpu}, driver {machine.Driver}, TensorRT {machine.TensorRt}";
    });

    /// <param name="precision">What a TensorRT engine calculates with; of no meaning elsewhere.</param>
    public static DecisionInputs Inputs(
        ModelRef model, string manifest, DecisionPicture picture, (int Count, int Row) batch, SessionSettings settings, TensorRtPrecision precision, string provider) => new()
    {
        Model = model, Manifest = manifest, Picture = picture, Batch = batch.Count, Row = batch.Row,
        Threads = settings.Threads, Gpu = settings.AllowGpu, Library = settings.LibraryPath,
        Runtime = OrtEnv.Instance().GetVersionString(), Provider = provider, Processor = Processor,
        Precision = provider == "TensorRT" ? precision.ToString() : null, Accelerator = provider == "CPU" ? null : Accelerator.Value, Agent = AgentVersion.Text,
    };

    /// <summary>Digest of a manifest as this agent reads it: a default that another agent has elsewhere shows.</summary>
    public static string DigestOf(ModelManifest manifest) => DecisionFile.Sha256(JsonSerializer.SerializeToUtf8Bytes(manifest, ContractsJson.Default.ModelManifest));

    private static string ProcessorName()
    {
        try
        {
            return File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal) || line.StartsWith("CPU part", StringComparison.Ordinal)) is { } line
                ? line[(line.IndexOf(':') + 1)..].Trim()
                : "unknown";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "unknown";
        }
    }
}
