using System.Diagnostics;
using System.Globalization;
using CvOps.Agent.Configuration;
using CvOps.Agent.Inference;
using CvOps.Agent.Update;
using CvOps.Contracts.Doctor;

namespace CvOps.Agent.Doctor;

/// <summary>The model in charge on this device's execution provider: opened, and its golden vectors run.</summary>
internal sealed class ModelCheck(AgentOptions options, string path, TimeProvider time)
{
    private const string Check = "model";
    private const string Keys = "trusted keys";

    public async Task RunAsync(List<DoctorFinding> findings)
    {
        findings.Add(TrustedKeys());
        var active = UpdateJournal.Peek(Path.Combine(options.Data, "update.json"))?.Active;
        if (active is null && options.Model.Package is null)
        {
            findings.Add(DoctorFinding.Warn(Check, "this device has none yet: frames are taken and not inspected", "Roll one out from the fleet (cvops rollout start PLAN.yaml), or bring a file: cvops-agent import x.cvmodel."));
            return;
        }
        // Making the folder is the agent's: left by another user it would be in its way.
        if (!Directory.Exists(options.Data)) return;
        try
        {
            var begun = Stopwatch.GetTimestamp();
            var loader = new ModelLoader(new ModelFolder(options.Data), options.Model, options.Inference, time);
            using var model = active is not null ? await loader.LoadCommittedAsync(active) : await AdoptAsync(loader, options.Model.Package!);
            var provider = model.Session.Provider;
            var said = string.Create(CultureInfo.InvariantCulture, $"{model.Ref.Name} {model.Ref.Version} gives its golden vectors' answers on {provider}, opened and tried in {Stopwatch.GetElapsedTime(begun).TotalSeconds:0.0} s");
            findings.Add(options.Inference.Gpu && provider == "CPU" && File.Exists("/dev/nvidia0")
                ? DoctorFinding.Warn("provider", $"{said}, though this machine has a GPU", "Install an ONNX Runtime with CUDA or TensorRT and name it in inference: library; 'nvidia-smi' says whether the driver is there.")
                : DoctorFinding.Ok(Check, said));
            if (loader.Doubt is { } doubt) findings.Add(DoctorFinding.Warn(Check, $"it would not be let in today: {doubt.TrimEnd('.')}", $"Sign it with a key that is trusted (cvops model sign), or put the key into {options.Model.TrustedKeys}."));
        }
        catch (Exception e) when (e is UpdateRefusedException or ConfigurationException or IOException or UnauthorizedAccessException)
        {
            findings.Add(DoctorFinding.Fail(Check, e.Message.TrimEnd('.'), active is null
                ? $"Bring a package that 'cvops model verify' lets pass, and name it in model: package of {path}."
                : $"Let the fleet roll out another version, or bring this one again: cvops-agent import {active.Name}.cvmodel --config {path}."));
        }
    }

    private static async Task<LoadedModel> AdoptAsync(ModelLoader loader, string file)
    {
        var package = loader.Verify(file, null);
        return await loader.SelfTestAsync(package, await loader.OpenAsync(package));
    }

    private DoctorFinding TrustedKeys()
    {
        var folder = options.Model.TrustedKeys;
        try
        {
            var keys = Directory.EnumerateFiles(folder, "*.pem").Count();
            return keys > 0 ? DoctorFinding.Ok(Keys, $"{keys} in {folder}")
                : DoctorFinding.Fail(Keys, $"{folder} has no *.pem: no model is let in", $"Put the public keys of those who sign models there: cvops model trust add KEY.pem --trusted-keys {folder}.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return DoctorFinding.Fail(Keys, e.Message.TrimEnd('.'), $"Make the folder, put the public keys of those who sign models there, and let the agent read it; model: trusted-keys in {path} names it.");
        }
    }
}
