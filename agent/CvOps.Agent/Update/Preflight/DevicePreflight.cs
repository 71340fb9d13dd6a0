using CvOps.Agent.Inference;
using CvOps.Agent.Update.Import;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Twin;
using Microsoft.ML.OnnxRuntime;

namespace CvOps.Agent.Update.Preflight;

/// <summary>Asks this device what it has, and the rule whether that is enough.</summary>
/// <param name="cameras">The cameras and the sizes of their pictures, at that moment.</param>
internal sealed class DevicePreflight(ModelFolder folder, InferenceOptions inference, Func<IReadOnlyList<CameraSize>> cameras)
{
    /// <exception cref="UpdateRefusedException">The package can't be had here, whatever is in it.</exception>
    public void BeforeFetch(DesiredModel model)
    {
        if (File.Exists(folder.PathOf(model.Model.Digest)) || File.Exists(ImportFolder.PathOf(folder.Data, model.Model.Digest))) return;
        var partial = new FileInfo(folder.PartialOf(model.Model.Digest));
        Refuse(PreflightRule.BeforeFetch(model.Bytes, partial.Exists ? partial.Length : 0, Read()));
    }

    /// <param name="bytes">Of a package that is not on this disk yet.</param>
    /// <exception cref="UpdateRefusedException">There is no room for it.</exception>
    public void BeforeImport(long bytes) => Refuse(PreflightRule.BeforeFetch(bytes, 0, Read()));

    /// <exception cref="UpdateRefusedException">The model can't run here.</exception>
    public void BeforePreparing(ModelPackage package, long bytes) => Refuse(PreflightRule.BeforePreparing(bytes, package.Manifest, Read()));

    private PreflightFacts Read()
    {
        var runtime = OrtEnv.Instance();
        return new PreflightFacts(
            new DriveInfo(folder.Root).AvailableFreeSpace, PreflightFacts.ReadFreeMemory(),
            Version.TryParse(runtime.GetVersionString(), out var version) ? version : new Version(0, 0),
            [.. runtime.GetAvailableProviders()], inference.TensorRtIn(folder.Data) is not null, cameras());
    }

    private static void Refuse(IReadOnlyList<string> reasons)
    {
        if (reasons.Count > 0) throw new UpdateRefusedException(PreflightRule.Sentence(reasons));
    }
}
