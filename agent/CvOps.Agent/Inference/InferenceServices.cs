using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Agent.Inference;

internal static class InferenceServices
{
    public static IServiceCollection AddInference(this IServiceCollection services, InferenceOptions options) => services
        .AddSingleton(options)
        .AddSingleton<ModelSlots>()
        .AddSingleton<InferenceLoop>()
        .AddHostedService(provider => provider.GetRequiredService<InferenceLoop>());
}
