namespace CvOps.Contracts.Packages;

/// <summary>
/// The form of a model's outputs. Shapes are for one picture; N boxes or anchors; a side that depends on the picture is fine where the
/// text says so. Coordinates are pixels of the model's input unless the text, or
/// <see cref="DecoderSpec.Units"/>, says otherwise.
/// </summary>
public enum DecoderKind
{
    /// <summary>Classification: one output of probabilities, [1, classes].</summary>
    Probabilities,

    /// <summary>Classification: one output of logits, [1, classes]; softmax is ours.</summary>
    Logits,

    /// <summary>
    /// NanoDet (RangiLyu/nanodet; generalised focal loss, Li et al. 2020): by stride class scores [cells, classes], already sigmoid, then by
    /// stride distances [cells, 4 x bins]. Needs <see cref="DecoderSpec.Strides"/>.
    /// </summary>
    NanoDet,

    /// <summary>
    /// YOLOv8, v9 and 11 (ultralytics): one output [1, 4 + classes, anchors] or transposed, [1, anchors, 4 + classes]: centre x, centre y, width,
    /// height, class scores. RT-DETR as ultralytics exports it is the same with Units Normalised and Nms None.
    /// </summary>
    YoloV8,

    /// <summary>Several labels at once: one output of probabilities, each class for itself, [1, classes].</summary>
    MultiLabelProbabilities,

    /// <summary>Several labels at once: one output of logits, [1, classes]; sigmoid is ours.</summary>
    MultiLabelLogits,

    /// <summary>YOLOv5 and v7 (ultralytics/yolov5, WongKinYiu/yolov7): one output [1, anchors, 5 + classes]: centre x, centre y, width, height, objectness, class scores; a box's score is objectness x class.</summary>
    YoloV5,

    /// <summary>
    /// YOLOX (Megvii-BaseDetection/YOLOX, Ge et al. 2021): one output [1, cells, 5 + classes] as of YoloV5. With <see cref="DecoderSpec.Strides"/>
    /// it is raw: centre = (offset + cell) x stride, size = exp(offset) x stride, strides in that order, cells row by row; without, already decoded.
    /// </summary>
    YoloX,

    /// <summary>
    /// SSD (Liu et al. 2016) without its last layer: boxes [1, N, 4] of left, top, right, bottom, normalised; class probabilities [1, N, classes], or
    /// one more when the first is the background. Every class over the threshold is a box.
    /// </summary>
    Ssd,

    /// <summary>
    /// SSD's DetectionOutput layer (Caffe, OpenVINO): one output [1, 1, N, 7]: picture, class, score, left, top, right, bottom, normalised; classes from 1
    /// on, a picture below 0 ends the list. N may depend on the picture.
    /// </summary>
    CaffeDetection,

    /// <summary>
    /// TensorFlow's object detection API: detection_boxes [1, N, 4] of top, left, bottom, right, normalised; detection_classes [1, N], from 1 on;
    /// detection_scores [1, N]; num_detections [1].
    /// </summary>
    TensorFlowDetection,

    /// <summary>torchvision's detectors: boxes [N, 4] of left, top, right, bottom; labels [N], from 1 on; scores [N]. N may depend on the picture.</summary>
    Torchvision,

    /// <summary>TensorRT's EfficientNMS: num_dets [1, 1]; det_boxes [1, N, 4] of left, top, right, bottom; det_scores [1, N]; det_classes [1, N].</summary>
    EfficientNms,

    /// <summary>YOLOv7 exported end to end (WongKinYiu/yolov7): one output [N, 7]: picture, left, top, right, bottom, class, score. N may depend on the picture.</summary>
    YoloV7EndToEnd,

    /// <summary>
    /// YOLOv10 (Wang et al. 2024), YOLO26, and ultralytics' exports with nms=True: one output [1, N, 6] or [N, 6]: left, top, right, bottom, score, class.
    /// N may depend on the picture.
    /// </summary>
    YoloV10,

    /// <summary>
    /// RT-DETR with its post-processing (lyuwenyu/RT-DETR, Zhao et al. 2023): labels [1, N]; boxes [1, N, 4] of left, top, right, bottom; scores [1, N].
    /// A second input orig_target_sizes, [N, 2] of int64, is given the model's input size.
    /// </summary>
    RtDetr,

    /// <summary>
    /// DETR and its kin without post-processing: logits [1, N, classes] (sigmoid is ours: RT-DETR, Deformable DETR) or [1, N, classes + 1] (softmax is ours,
    /// the last is no object: DETR, Carion et al. 2020); boxes [1, N, 4] of centre x, centre y, width, height, normalised.
    /// </summary>
    Detr,

    /// <summary>
    /// Oriented boxes of YOLOv8 and 11 (ultralytics): one output [1, 4 + classes + 1, anchors] or transposed: as YoloV8, then the angle in radians from the
    /// x axis to the box's width, clockwise in the picture. Suppression goes by the boxes as they lie.
    /// </summary>
    YoloObb,

    /// <summary>
    /// Keypoints of YOLOv8 and 11 (ultralytics): one output [1, 4 + classes + 3 x keypoints, anchors] or transposed: as YoloV8, then x, y, score of each
    /// keypoint; or 2 x keypoints without scores. Needs <see cref="DecoderSpec.Keypoints"/>.
    /// </summary>
    YoloPose,

    /// <summary>
    /// Instance masks of YOLOv8 and 11 (ultralytics; YOLACT, Bolya et al. 2019): an output [1, 4 + classes + K, anchors] or transposed: as YoloV8, then the
    /// mask's coefficients; prototypes [1, K, height, width]. A mask is the sigmoid of their weighted sum, cut at the box.
    /// </summary>
    YoloSegmentation,

    /// <summary>
    /// Semantic segmentation: one output [1, classes, height, width] (or [1, height, width, classes]) of scores over the whole input, of which the largest
    /// counts; for two classes also [1, 1, height, width] of probabilities of the second, cut at <see cref="DecoderSpec.ScoreThreshold"/>.
    /// </summary>
    Segmentation,

    /// <summary>Semantic segmentation whose argmax is in the graph: one output [1, height, width] or [1, 1, height, width] of class numbers.</summary>
    ClassMap,

    /// <summary>
    /// Anomaly: the picture's score [1] and a map [1, 1, height, width] or [1, height, width] over the whole input, both in one unit (PatchCore, Roth et al.
    /// 2022); or the map alone, whose largest value is the score. Needs <see cref="DecoderSpec.Anomaly"/> and two classes, normal and anomalous.
    /// </summary>
    AnomalyMap,
}
