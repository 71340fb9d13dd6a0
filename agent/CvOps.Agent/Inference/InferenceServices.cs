using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Agent.Inference;

internal static class InferenceServices
{
    public static IServiceCollection AddInference(this IServiceCollection services) => services
        .AddSingleton<ModelSlots>()
        .AddSingleton<InferenceLoop>()
        .AddHostedService(provider => provider.GetRequiredService<InferenceLoop>());
}
